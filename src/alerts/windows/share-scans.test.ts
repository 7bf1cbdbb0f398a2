import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoredRecord } from '../../core/record.ts';
import { compileRules } from '../evaluate/compile.ts';
import { emptyPage } from '../evaluate/page.ts';
import { fillBooks } from '../evaluate/run-windows.ts';
import { WindowStepper } from '../evaluate/step-window.ts';
import { parseRule } from '../rule/parse-rule.ts';
import type { Rule } from '../rule/rule.ts';
import { MemoryWindowSource } from './memory-window-source.ts';
import { shareScans } from './share-scans.ts';

const tenant = 't';
const startUs = 1_795_000_020_000_000 - (1_795_000_020_000_000 % 60e6);
const equal = fc.record({ service: fc.constantFrom('a', 'b', 'c'), level: fc.constantFrom('info', 'error') }, { requiredKeys: [] });
const value = fc.oneof(
  fc.tuple(fc.constantFrom('count', 'rate'), equal).map(([fn, where]) => [fn, { ...where, window: '1m' }]),
  equal.map((where) => ['max', { ...where, field: 'n', window: '2m' }]),
  equal.map((where) => ['distinct', { ...where, field: 'n', by: ['service'], window: '1m' }]),
  equal.map((where) => ['ratio', { ...where, part: ['=', 'level', 'error'], window: '1m' }]),
);
const rules = fc
  .array(fc.tuple(value, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 8 })
  .map((list) => list.map(([left, right], i) => parseRule({ name: `r${i}`, condition: ['>', left, right] })));
const records = fc.array(
  fc.record({
    atS: fc.integer({ min: 0, max: 239 }),
    service: fc.constantFrom('a', 'b', 'c', 'd'),
    level: fc.constantFrom('info' as const, 'error' as const),
    n: fc.integer({ min: 0, max: 4 }),
  }),
  { maxLength: 60 },
);

async function transitionsOf(given: Rule[], source: MemoryWindowSource): Promise<string[]> {
  const compiled = compileRules(
    tenant,
    given.map((rule) => ({ rule, version: 1, sinceUs: 0, isRetired: false })),
    startUs,
  );
  const stepper = new WindowStepper();
  const page = emptyPage('', startUs);
  const found: string[] = [];
  for (let atUs = startUs + 15e6; atUs <= startUs + 300e6; atUs += 15e6) {
    await fillBooks(source, compiled, atUs - 15e6, atUs);
    for (const { rule, atUs: at, labels, to, value: came } of stepper.step(page, compiled.rules, atUs))
      found.push(`${at} ${rule} ${JSON.stringify(labels)} ${to} ${came}`);
  }
  return found.sort();
}

test('rules that share scans decide as each does alone', async () => {
  await fc.assert(
    fc.asyncProperty(rules, records, async (given, sent) => {
      const source = new MemoryWindowSource();
      for (const { atS, service, level, n } of sent) {
        const timestamp = startUs + atS * 1e6;
        source.add('logs', {
          tenant,
          timestamp,
          observed_timestamp: timestamp,
          service,
          level,
          attributes: { n },
        } as unknown as StoredRecord);
      }
      const alone = (await Promise.all(given.map((rule) => transitionsOf([rule], source)))).flat().sort();
      expect(await transitionsOf(given, source)).toEqual(alone);
    }),
    { numRuns: 150 },
  );
});

test('a thousand rules that differ only in what a field equals are one scan', () => {
  const wants = Array.from({ length: 1_000 }, (_, i) => ({
    family: {
      signal: 'logs' as const,
      where: { kind: 'compare' as const, op: '=' as const, field: 'service', value: `s${i}` },
      by: [],
      shape: { kind: 'count' as const },
    },
    keepUs: 60e6,
    seenUs: 60e6,
  }));
  const { scans, shares } = shareScans(wants);
  expect(scans).toHaveLength(1);
  expect(scans[0]!.family.by).toEqual(['service']);
  expect(new Set(shares.map(({ under }) => under)).size).toBe(1_000);
});
