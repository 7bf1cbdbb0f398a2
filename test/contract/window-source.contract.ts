import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryWindowSource } from '../../src/alerts/windows/memory-window-source.ts';
import type { Family, SlotRow, WindowSource } from '../../src/alerts/windows/window-source.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { parseWhere } from '../../src/query/ast/json.ts';
import { recordOf } from '../archive/open-archive.ts';

/** A source under test, and the way in which records come to be in it. */
export type OpenedSource = { source: WindowSource; add(records: StoredRecord[]): Promise<void>; close(): Promise<void> };

const startUs = 1_795_000_020_000_000 - (1_795_000_020_000_000 % 60e6);
const logs: Omit<Family, 'shape'> = { signal: 'logs', where: everything, by: [] };

let offset = 0;
const at = (seconds: number, more: Partial<StoredRecord> = {}): StoredRecord => {
  const timestamp = startUs + seconds * 1e6;
  const place = { tenant: 'acme', id: '', generation: 0, partition: 0, offset };
  return { ...recordOf(offset++), timestamp, observed_timestamp: timestamp, ...place, ...more } as StoredRecord;
};

const sorted = (rows: SlotRow[]) =>
  rows
    .map((row) => ({ ...row, part: { ...row.part, values: row.part.values && [...row.part.values].sort() } }))
    .sort((a, b) => (JSON.stringify([a.slotUs, a.key]) < JSON.stringify([b.slotUs, b.key]) ? -1 : 1));

const values = fc.option(fc.oneof(fc.integer({ min: -5, max: 500 }), fc.constantFrom('ok', '7')), { nil: undefined });
const someRecords = fc.array(
  fc.record({
    seconds: fc.integer({ min: -30, max: 200 }),
    lateS: fc.constantFrom(0, 3, 90),
    level: fc.constantFrom('info', 'error'),
    service: fc.constantFrom('api', 'web'),
    ms: values,
  }),
  { maxLength: 40 },
);
const families: Family[] = [
  { ...logs, shape: { kind: 'count' } },
  { ...logs, by: ['service'], shape: { kind: 'count' } },
  { ...logs, by: ['service', 'attributes.ms'], where: parseWhere(['=', 'level', 'error']), shape: { kind: 'count' } },
  { ...logs, by: ['service'], shape: { kind: 'totals', field: 'attributes.ms' } },
  { ...logs, where: parseWhere(['in', 'service', ['api']]), shape: { kind: 'values', field: 'attributes.ms', isNumeric: true } },
  { ...logs, by: ['level'], shape: { kind: 'values', field: 'attributes.ms', isNumeric: false } },
];

/** What every WindowSource keeps to: it counts as the plain evaluator does, record by record. */
export function describeWindowSource(name: string, open: () => Promise<OpenedSource>): void {
  describe(`WindowSource: ${name}`, () => {
    let opened: OpenedSource;
    beforeEach(async () => {
      offset = 0;
      opened = await open();
    });
    afterEach(() => opened.close());

    test('counts, totals and values of any records are what the plain evaluator counts', async () => {
      await fc.assert(
        fc.asyncProperty(someRecords, fc.constantFrom(...families), async (given, family) => {
          offset = 0;
          const fresh = await open();
          try {
            const { source } = fresh;
            const oracle = new MemoryWindowSource({ slotUs: source.slotUs });
            const records = given.map(({ seconds, lateS, level, service, ms }) =>
              at(seconds, {
                level: level as 'info',
                service,
                observed_timestamp: startUs + (seconds + lateS) * 1e6,
                attributes: ms === undefined ? {} : { ms },
              }),
            );
            await fresh.add(records);
            oracle.add('logs', ...records);
            const [fromUs, toUs] = [startUs, startUs + 180e6];
            expect(sorted(await source.read('acme', family, fromUs, toUs))).toEqual(
              sorted(await oracle.read('acme', family, fromUs, toUs)),
            );
            const last = async (of: WindowSource) =>
              (await of.lastSeen('acme', families[1]!, fromUs, toUs)).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
            expect(await last(source)).toEqual(await last(oracle));
            const late = { fromUs, toUs, observedFromUs: startUs + 60e6, observedToUs: startUs + 150e6 };
            expect(await source.changedSlots('acme', 'logs', late)).toEqual(await oracle.changedSlots('acme', 'logs', late));
          } finally {
            await fresh.close();
          }
        }),
        { numRuns: 60 },
      );
    });

    test('slots divide a minute, and a record counts in the slot that its time is in', async () => {
      const { source, add } = opened;
      expect(60e6 % source.slotUs).toBe(0);
      await add([at(0), at(source.slotUs / 1e6 - 0.000001), at(source.slotUs / 1e6)]);
      const rows = await source.read('acme', { ...logs, shape: { kind: 'count' } }, startUs, startUs + 60e6);
      expect(sorted(rows).map(({ slotUs, part }) => [slotUs - startUs, part.count])).toEqual([
        [0, 2],
        [source.slotUs, 1],
      ]);
    });

    test('another tenant has none of them, and an empty range none at all', async () => {
      await opened.add([at(0)]);
      const family: Family = { ...logs, shape: { kind: 'count' } };
      expect(await opened.source.read('other', family, startUs, startUs + 60e6)).toEqual([]);
      expect(await opened.source.read('acme', family, startUs, startUs)).toEqual([]);
    });

    test('the watermark is no later than now, and says how long records are waited for', async () => {
      await opened.add([at(0)]);
      const { us, latenessUs } = await opened.source.watermark('logs');
      expect(us).toBeLessThanOrEqual(Date.now() * 1_000);
      expect(latenessUs).toBeGreaterThanOrEqual(0);
    });
  });
}
