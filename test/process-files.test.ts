import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createExplain, type ExplainContext } from '../src/pipeline/explain.ts';
import { processConfig } from '../src/processors/registry.ts';

const explain = createExplain(processConfig.parse(undefined));
const context: ExplainContext = {
  tenant: 'acme',
  observedUs: Date.UTC(2026, 10, 21) * 1000,
  defaults: {},
  hash: (text) => text,
  position: { generation: 1, partition: 0, offset: 0 },
};

/** How many of the lines each set of steps changed. */
function stepsOver(lines: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const message of lines) {
    const { record, steps } = explain({ message }, context);
    expect(record.message).toBe(message);
    const names = steps
      .slice(1)
      .map(({ name }) => name)
      .join(', ');
    counts[names] = (counts[names] ?? 0) + 1;
  }
  return counts;
}

const linesOf = (text: string): string[] => text.trimEnd().split('\n');
const corpus = (file: string): string[] => linesOf(readFileSync(join(import.meta.dirname, 'corpus/process', file), 'utf8'));

test('every kind of access line is read', () => {
  const lines = corpus('access.log');
  expect(stepsOver(lines)).toEqual({ 'parse-access-log': lines.length });
  const attributesOf = (line: number): unknown => explain({ message: lines[line] }, context).record.attributes;
  expect(attributesOf(3)).toMatchObject({ path: '/search?q=\\"a b\\"', status: 404, user_agent: 'agent with \\"quotes\\" in it' });
  expect(attributesOf(4)).toEqual({ client_ip: '198.51.100.4', status: 408, bytes: 0 });
  expect(attributesOf(7)).toMatchObject({ path: '/leap', user_agent: 'cut off in the midd' });
});

test('every kind of syslog line is read', () => {
  const lines = corpus('syslog.log');
  expect(stepsOver(lines)).toEqual({ 'parse-syslog': lines.length });
  const recordOf = (line: number): Record<string, unknown> => explain({ message: lines[line] }, context).record;
  expect(recordOf(2)).toMatchObject({ timestamp: '2024-02-29T12:00:00.000Z', service: 'sudo' });
  expect(recordOf(6)).toMatchObject({
    attributes: { 'exampleSDID@32473.eventSource': 'App"lication]', 'examplePriority@32473.class': 'high' },
  });
  expect(recordOf(7)).toMatchObject({ level: 'fatal', service: 'unknown', attributes: { facility: 'kern' } });
  expect(recordOf(8)).toMatchObject({ timestamp: '2026-11-20T09:00:00.123456Z', host: 'web-3', service: 'nginx' });
});

const samples = join(import.meta.dirname, '../../shared/data');

/** Real files, which the repository does not carry; where they are missing the tests say so by name. */
test.skipIf(!existsSync(samples)).each([
  ['apache_access.log.gz', { 'parse-access-log': 10_000 }],
  ['auth.log.gz', { 'parse-syslog': 7_121 }],
])('each line of %s (in ../shared/data) is read', (file, expected) => {
  expect(stepsOver(linesOf(gunzipSync(readFileSync(join(samples, file))).toString()))).toEqual(expected);
});
