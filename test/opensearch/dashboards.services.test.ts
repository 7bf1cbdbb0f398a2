import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SavedObject, savedObjects } from '../../src/adapters/hot/opensearch/dashboards/saved-objects.ts';
import type { OpenSearchHotStore } from '../../src/adapters/hot/opensearch/opensearch-hot-store.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { recordAt } from '../contract/hot-store.contract.ts';
import { services } from '../services/services.ts';
import { panelRequest, searchRequest } from './as-dashboards-asks.ts';
import { dropAll, openHotStore } from './open-hot-store.ts';

const url = services().openSearch?.url;
const startMs = Date.UTC(2026, 10, 21, 8);
const [from, to] = [new Date(startMs).toISOString(), new Date(startMs + 15 * 60_000).toISOString()];

/** 30 records, two a minute from 08:00: services by turns, every third an error, latencies 10, 20, … 300, and some values outside columns. */
const records: StoredRecord[] = Array.from({ length: 30 }, (_, i) => {
  const timestamp = startMs * 1_000 + i * 30_000_000;
  return recordAt(i, {
    timestamp,
    observed_timestamp: timestamp + 1_000_000,
    level: i % 3 === 0 ? 'error' : i === 29 ? 'fatal' : 'info',
    service: ['auth', 'pay', 'web'][i % 3]!,
    tenant: i < 20 ? 'acme' : 'zeta',
    partition: i % 2,
    message: i % 10 === 0 ? 'Request timed out' : i % 10 === 1 ? 'TIMEOUT after 5 s' : 'went well in time',
    attributes: { latency_ms: (i + 1) * 100, ...(i % 15 === 0 ? { 'odd key*': 'x' } : {}) },
  });
});
const isError = ({ level }: StoredRecord) => level === 'error' || level === 'fatal';
const isIn = (bucket: number) => (_: unknown, i: number) => Math.floor(i / 10) === bucket;

type Bucket = { key: unknown; key_as_string?: string; doc_count: number } & Record<string, never>;
type Level = Record<string, { buckets: Bucket[] | Record<string, Bucket>; value?: number; values?: { key: number; value: number }[] }>;

describe.skipIf(!url)('the saved objects of OpenSearch Dashboards', () => {
  let store: OpenSearchHotStore;
  let objects: SavedObject[];
  const asked = new Set<string>();
  beforeAll(async () => {
    store = openHotStore(url!);
    objects = savedObjects(store.prefix);
    await store.write(records);
  });
  afterAll(async () => {
    await dropAll(store);
    await store.close();
  });

  const objectOf = (id: string): SavedObject => {
    asked.add(id);
    return objects.find((object) => object.id === id)!;
  };
  const search = <T>(body: unknown): Promise<T> => {
    const { title } = objectOf('logdrive-logs').attributes;
    return store.client.json<T>('POST', `/${title}/_search`, body);
  };
  type Found = { hits: { total: { value: number }; hits: { _source: { offset: number } }[] }; aggregations: Level };
  const ask = (id: string): Promise<Found> => search(panelRequest(objectOf(id), from, to));
  const bucketsOf = (level: Level | undefined, id: string): Bucket[] => level?.[id]?.buckets as Bucket[];
  const countsOf = (level: Level | undefined, id: string) => bucketsOf(level, id).map(({ key, doc_count }) => [key, doc_count]);
  const countBy = (of: StoredRecord[], key: (record: StoredRecord) => unknown) => {
    const counts = new Map<unknown, number>();
    for (const record of of) counts.set(key(record), (counts.get(key(record)) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1] || (String(a[0]) < String(b[0]) ? -1 : 1));
  };

  test('error rate: errors and others by 5 minutes', async () => {
    const { aggregations } = await ask('logdrive-error-rate');
    const shares = bucketsOf(aggregations, '2').map((bucket) => {
      const { errors, others } = (bucket as unknown as Level)['3']!.buckets as Record<string, Bucket>;
      return [errors!.doc_count, others!.doc_count];
    });
    expect(shares).toEqual(
      [0, 1, 2].map((b) => [records.filter(isIn(b)).filter(isError).length, records.filter(isIn(b)).filter((r) => !isError(r)).length]),
    );
    expect(shares.flat().reduce((sum, n) => sum + n, 0)).toBe(30);
  });

  test('errors and volume by service and 5 minutes', async () => {
    for (const [id, of] of [
      ['logdrive-errors-by-service', records.filter(isError)],
      ['logdrive-volume', records],
    ] as const) {
      const { aggregations, hits } = await ask(id);
      expect(hits.total.value).toBe(of.length);
      const found = bucketsOf(aggregations, '2').map((bucket) => countsOf(bucket as unknown as Level, '3'));
      expect(found).toEqual(
        [0, 1, 2].map((b) =>
          countBy(
            of.filter((record) => isIn(b)(record, record.offset)),
            ({ service }) => service,
          ),
        ),
      );
    }
  });

  test('latency percentiles by 5 minutes, and p95 by service', async () => {
    const { aggregations } = await ask('logdrive-latency');
    const [first] = bucketsOf(aggregations, '2');
    const values = (first as unknown as Level)['1']!.values!;
    expect(values.map(({ key }) => key)).toEqual([50, 95, 99]);
    // Of 100, 200, … 1,000; the digest interpolates between neighbours in its own way.
    expect(values[0]!.value).toBeGreaterThanOrEqual(500);
    expect(values[0]!.value).toBeLessThanOrEqual(600);
    expect(values[1]!.value).toBeGreaterThanOrEqual(900);
    expect(values[2]!.value).toBeLessThanOrEqual(1_000);
    const byService = await ask('logdrive-latency-by-service');
    expect(countsOf(byService.aggregations, '3')).toEqual([
      ['auth', 10],
      ['pay', 10],
      ['web', 10],
    ]);
    const p95 = bucketsOf(byService.aggregations, '3').map((bucket) => (bucket as unknown as Level)['2']!.values![0]!.value);
    for (const [s, value] of p95.entries()) {
      expect(value).toBeGreaterThanOrEqual(2_500 + s * 100);
      expect(value).toBeLessThanOrEqual(2_800 + s * 100);
    }
  });

  test('totals, levels, tenants, partitions, and what is outside columns', async () => {
    const totals = await ask('logdrive-totals');
    expect(totals.hits.total.value).toBe(30);
    expect(totals.aggregations['2']!.value).toBe(3);
    expect(totals.aggregations['3']!.value).toBe(records.at(-1)!.observed_timestamp / 1_000);
    expect(countsOf((await ask('logdrive-levels')).aggregations, '2')).toEqual(countBy(records, ({ level }) => level));
    const tenants = bucketsOf((await ask('logdrive-ingest-rate')).aggregations, '2').map((bucket) =>
      countsOf(bucket as unknown as Level, '3'),
    );
    expect(tenants.flat().reduce((sum, [, n]) => sum + (n as number), 0)).toBe(30);
    expect(tenants.at(-1)).toEqual([['zeta', expect.any(Number)]]);
    const partitions = bucketsOf((await ask('logdrive-partitions')).aggregations, '4') as unknown as ({
      key: number;
      doc_count: number;
    } & Record<string, { value: number }>)[];
    expect(partitions.map((bucket) => [bucket.key, bucket.doc_count, bucket['2']!.value])).toEqual([
      [0, 15, 28],
      [1, 15, 29],
    ]);
    expect((await ask('logdrive-outside-columns')).hits.total.value).toBe(2);
  });

  test('saved searches find what they say, newest first', async () => {
    const offsetsOf = async (id: string) =>
      (await search<Found>(searchRequest(objectOf(id), from, to))).hits.hits.map(({ _source }) => _source.offset);
    const expected = (keep: (record: StoredRecord) => boolean) =>
      records
        .filter(keep)
        .map(({ offset }) => offset)
        .reverse();
    expect(await offsetsOf('logdrive-newest')).toEqual(expected(() => true));
    expect(await offsetsOf('logdrive-errors')).toEqual(expected(isError));
    expect(await offsetsOf('logdrive-timeouts')).toEqual(expected(({ offset }) => offset % 10 < 2));
    expect(await offsetsOf('logdrive-slow')).toEqual(expected(({ attributes }) => (attributes.latency_ms as number) > 1_000));
  });

  test('every object was asked, and dashboards refer to objects that are there', () => {
    const ids = new Map(objects.map(({ id, type }) => [id, type]));
    const isAsked = ({ id, type }: SavedObject) => type === 'dashboard' || asked.has(id);
    expect(objects.filter((object) => !isAsked(object)).map(({ id }) => id)).toEqual([]);
    for (const { references } of objects) for (const { id, type } of references) expect(ids.get(id)).toBe(type);
  });
});
