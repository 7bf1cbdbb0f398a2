import { expect, test } from 'vitest';
import type { StoredRecord } from '../../src/core/record.ts';
import { findAnomalies } from '../../src/pipeline/find-anomalies.ts';
import { recordOf } from '../archive/open-archive.ts';
import { arrayStore } from '../scenarios/array-store.ts';

const hourUs = 3_600_000_000;
const startUs = Date.parse('2026-11-01T00:00:00Z') * 1_000;

/** Ten records a step of each service; `broken` fails, slows down or falls silent in one hour. */
function storeOf(hours: number, incident: number) {
  const store = arrayStore();
  let offset = 0;
  const add = (service: string, timestamp: number, more: Partial<StoredRecord>) => {
    const position = { generation: 1, partition: 0, offset };
    store.append([{ ...recordOf(offset), ...position, id: String(offset++), tenant: 'acme', service, timestamp, ...more }]);
  };
  for (let hour = 0; hour < hours; hour++) {
    for (let i = 0; i < 60; i++) {
      const at = startUs + hour * hourUs + i * 60_000_000;
      const bad = hour === incident;
      add('failing', at, { level: bad && i % 2 === 0 ? 'error' : 'info' });
      add('slow', at, { attributes: { latency_ms: (bad ? 900 : 100) + (i % 10) } });
      if (!bad) add('silent', at, {});
      add('steady', at, { attributes: { duration_ms: 50 + (i % 3) } });
    }
  }
  return { ...store, watermark: async () => ({ us: startUs + hours * hourUs + 5_000_000, latenessUs: 5_000_000 }) };
}

test('each service is held against its own past: what fails, is slow or is silent is found, and what is steady is not', async () => {
  const store = storeOf(40, 36);
  const time = { fromUs: startUs + 24 * hourUs, toUs: startUs + 48 * hourUs };
  const { findings, judged, services } = await findAnomalies(store, { tenant: 'acme', time, stepUs: hourUs, threshold: 5 });
  expect(judged).toEqual({ fromUs: time.fromUs, toUs: startUs + 40 * hourUs });
  expect(services).toBe(4);
  const at = { fromUs: startUs + 36 * hourUs, toUs: startUs + 37 * hourUs, steps: 1 };
  expect(findings.toSorted((a, b) => (a.service < b.service ? -1 : 1))).toMatchObject([
    { service: 'failing', measure: 'error_rate', direction: 'up', ...at, peak: { value: 0.5, expected: 0 } },
    { service: 'silent', measure: 'volume', direction: 'down', ...at, peak: { value: 0, expected: expect.closeTo(1, 6) } },
    { service: 'slow', measure: 'latency', direction: 'up', ...at, peak: { expected: expect.closeTo(109, 0) } },
  ]);
  const one = await findAnomalies(store, { tenant: 'acme', time, stepUs: hourUs, threshold: 5, service: 'slow', measure: 'volume' });
  expect(one).toMatchObject({ findings: [], services: 1 });
});

test('a step is judged once its windows are complete, and not before', async () => {
  const store = storeOf(40, 39);
  const time = { fromUs: startUs + 24 * hourUs, toUs: startUs + 48 * hourUs };
  const question = { tenant: 'acme', time, stepUs: hourUs, threshold: 5 };
  const late = { ...store, watermark: async () => ({ us: startUs + 40 * hourUs + 4_999_999, latenessUs: 5_000_000 }) };
  expect((await findAnomalies(late, question)).findings).toEqual([]);
  expect((await findAnomalies(store, question)).findings).toHaveLength(3);
});
