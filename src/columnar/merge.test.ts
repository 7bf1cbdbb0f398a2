import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePositions, idOf } from '../core/ids.ts';
import { sizeOf } from '../core/intervals.ts';
import type { WarmObject } from '../core/ports/warm-store.ts';
import type { LogRecord, Position, StoredRecord } from '../core/record.ts';
import { type EncodedPart, encodeTable } from './encode.ts';
import { type MergeOptions, mergeParts } from './merge.ts';
import { PageCache } from './page-cache.ts';
import { openPart, type Part } from './part.ts';
import { rowsOf } from './rows-of.ts';
import { run } from './steps.ts';
import { Table } from './table.ts';

const hourUs = 3_600_000_000;
const start = 1_795_000_000_000_000 - (1_795_000_000_000_000 % hourUs);

const recordOf = (fields: Partial<LogRecord>): LogRecord => ({
  timestamp: start,
  timestamp_ns: 0,
  observed_timestamp: start + 5,
  level: 'info',
  severity: 9,
  service: 'web',
  env: undefined,
  host: undefined,
  message: 'hello',
  trace_id: undefined,
  span_id: undefined,
  attributes: {},
  client_id: undefined,
  ...fields,
});

const stored = (tenant: string, position: Position, fields: Partial<LogRecord>): StoredRecord => {
  const record = recordOf(fields);
  return { ...record, ...position, tenant, id: record.client_id ?? idOf(position) };
};
const at = (offset: number, fields: Partial<LogRecord>, tenant = 'acme') => stored(tenant, { generation: 1, partition: 0, offset }, fields);

const objectOf = (bytes: Buffer): WarmObject => ({
  size: bytes.length,
  read: (from, length) => bytes.subarray(from, from + length),
  close() {},
});

async function opened(part: EncodedPart, cacheBytes: number): Promise<Part> {
  return await openPart(objectOf(Buffer.concat(part.bytes)), new PageCache(cacheBytes));
}

async function partOf(records: StoredRecord[], cacheBytes = 1 << 24): Promise<Part> {
  const table = new Table();
  for (const record of records) table.add(record.tenant, record, record);
  const steps = encodeTable(table);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return await opened(step.value, cacheBytes);
}

async function merged(parts: Part[], options: MergeOptions = {}) {
  const { files, removed } = await run(
    mergeParts(
      parts.map((source) => ({ source })),
      options,
    ),
  );
  const read = [];
  for (const { part, ...place } of files) {
    const rows = await Array.fromAsync(rowsOf({ source: await opened(part, 1 << 24) }));
    read.push({ ...place, rows, info: part.info, part });
  }
  return { files: read, removed };
}

const hourOf = (timeUs: number) => new Date(timeUs / 1000).toISOString().slice(11, 13);

const inOrder = (records: StoredRecord[]) =>
  [...records].sort(
    (a, b) =>
      Buffer.compare(Buffer.from(a.service), Buffer.from(b.service)) ||
      a.timestamp - b.timestamp ||
      a.timestamp_ns - b.timestamp_ns ||
      comparePositions(a, b),
  );

describe('merging parts', () => {
  it('makes a sorted file of each tenant and hour', async () => {
    const records = Array.from({ length: 300 }, (_, i) =>
      at(i, { timestamp: start + ((i * 7919) % 300) * (hourUs / 100), service: `s${i % 3}`, attributes: { n: i } }, `t${i % 2}`),
    );
    const { files, removed } = await merged([await partOf(records.slice(0, 100)), await partOf(records.slice(100))]);
    expect(removed).toEqual([]);
    expect(files.map(({ tenant, hour }) => tenant + hour)).toHaveLength(6);
    for (const { tenant, hour, dt, rows, info } of files) {
      const expected = records.filter((r) => r.tenant === tenant && new Date(r.timestamp / 1000).toISOString().startsWith(`${dt}T${hour}`));
      expect(rows).toEqual(inOrder(expected));
      expect(info).toMatchObject({ rows: expected.length, tenants: [tenant] });
      expect(sizeOf(info.offsets[0]!.offsets)).toBe(expected.length);
    }
  });

  it('keeps the lowest position of a client id within a tenant, and tells of the others', async () => {
    const id = 'ab'.repeat(16);
    const parts = [
      await partOf([at(7, { client_id: id, message: 'later' }), at(8, { client_id: id }, 'other'), at(9, { client_id: 'cd'.repeat(16) })]),
      await partOf([at(3, { client_id: id, message: 'first', timestamp: start + 3 * hourUs }), at(12, { client_id: id })]),
      await partOf([at(1, { client_id: 'not a digest' }), at(2, { client_id: 'not a digest' })]),
    ];
    const { files, removed } = await merged(parts);
    expect(removed).toEqual([
      {
        generation: 1,
        partition: 0,
        reason: 'duplicate',
        offsets: [
          [7, 8],
          [12, 13],
        ],
      },
    ]);
    expect(files.flatMap(({ rows }) => rows.map(({ offset }) => offset)).sort((a, b) => a - b)).toEqual([1, 2, 3, 8, 9]);
  });

  it('leaves out what is not to be kept, not there, or outside what is asked for', async () => {
    const records = Array.from({ length: 40 }, (_, i) => at(i, { timestamp: start + i * (hourUs / 10) }, i % 4 === 0 ? 'other' : 'acme'));
    const part = await partOf(records);
    const options = {
      tenant: 'acme',
      time: { fromUs: start + hourUs, toUs: start + 3 * hourUs },
      keep: (r: StoredRecord) => r.offset !== 15,
    };
    const { files, removed } = await run(mergeParts([{ source: part, only: [{ partition: 0, offsets: [[0, 25]] }] }], options));
    expect(files.map(({ hour, part: { info } }) => [hour, info.offsets])).toEqual([
      [
        hourOf(start + hourUs),
        [
          {
            generation: 1,
            partition: 0,
            offsets: [
              [10, 12],
              [13, 15],
              [17, 20],
            ],
          },
        ],
      ],
      [hourOf(start + 2 * hourUs), [{ generation: 1, partition: 0, offsets: [[21, 24]] }]],
    ]);
    expect(removed).toEqual([{ generation: 1, partition: 0, reason: 'erased', offsets: [[15, 16]] }]);
  });

  it('gives columns to the keys with most values and never names a key of another tenant', async () => {
    const records = Array.from({ length: 200 }, (_, i) =>
      at(i, { attributes: { common: i, [`key${i % 100}`]: `v${i}`, ...(i % 3 === 0 && { third: true }) } }, i % 2 ? 'acme' : 'other'),
    );
    const parts = [await partOf(records.slice(0, 90)), await partOf(records.slice(90))];
    const { files } = await merged(parts);
    expect(files.map(({ rows }) => rows)).toEqual([
      records.filter(({ tenant }) => tenant === 'acme'),
      records.filter(({ tenant }) => tenant === 'other'),
    ]);
    const cased = await merged([
      await partOf([at(0, { attributes: { aB: 1 } })]),
      await partOf([at(1, { attributes: { ab: 2 } }), at(2, { attributes: { ab: 3 } })]),
    ]);
    expect(cased.files[0]!.rows.map(({ attributes }) => attributes)).toEqual([{ aB: 1 }, { ab: 2 }, { ab: 3 }]);
    expect((await opened(cased.files[0]!.part, 1 << 24)).groups[0]!.attributeColumns).toEqual(['num.ab', 'attributes']);
    const few = [await partOf([at(0, { attributes: { mine: 1 } }), at(1, { attributes: { secret: 'x' } }, 'other')])];
    const [own] = (await merged(few)).files;
    expect(Buffer.concat(own!.part.bytes).includes('secret')).toBe(false);
    const again = await opened((await merged(parts)).files[0]!.part, 1 << 24);
    expect(again.groups[0]!.attributeColumns.slice(0, 2)).toEqual(['bool.third', 'num.common']);
  });

  it('writes row groups of about 50,000 rows', async () => {
    const records = Array.from({ length: 60_000 }, (_, i) =>
      at(i, { timestamp: start + i, message: `m${i}`, service: i < 55_000 ? 'a' : 'b' }),
    );
    const { files } = await run(
      mergeParts([{ source: await partOf(records.slice(0, 30_000)) }, { source: await partOf(records.slice(30_000)) }]),
    );
    const part = await opened(files[0]!.part, 1 << 20);
    expect(part.groups.map(({ rows }) => rows)).toEqual([49_152, 10_848]);
    let count = 0;
    for await (const record of rowsOf({ source: part })) if (record.message !== `m${count++}`) expect(record).toEqual(records[count - 1]);
    expect(count).toBe(60_000);
  });

  it('gives the same rows as one sort of them all, in the same bytes, with hardly any cache', async () => {
    const text = fc.constantFrom('', 'a', 'é', 'long text that repeats');
    const value = fc.oneof(text, fc.integer({ max: 5, min: 0 }), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }));
    const record = fc.record({
      timestamp: fc.integer({ min: start, max: start + 1000 }),
      timestamp_ns: fc.constantFrom(0, 1),
      service: fc.constantFrom('a', 'b', 'ü'),
      message: fc.option(fc.string({ maxLength: 20 }), { nil: undefined }),
      trace_id: fc.option(fc.constantFrom('00', '01'), { nil: undefined }),
      host: fc.option(text, { nil: undefined }),
      attributes: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), value, { maxKeys: 4, noNullPrototype: true }),
    }) as fc.Arbitrary<Partial<LogRecord>>;
    const batches = fc.array(fc.array(record, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(batches, async (input) => {
        let offset = 0;
        const records = input.map((batch) => batch.map((fields) => at(offset++, fields)));
        const parts = [];
        for (const batch of records) parts.push(await partOf(batch, 2000));
        const first = await merged(parts);
        expect(first.files.map(({ rows }) => rows)).toEqual([inOrder(records.flat())]);
        const again = await merged([...parts].reverse());
        expect(Buffer.concat(again.files[0]!.part.bytes).equals(Buffer.concat(first.files[0]!.part.bytes))).toBe(true);
        const twice = await merged([await opened(first.files[0]!.part, 2000)]);
        expect(Buffer.concat(twice.files[0]!.part.bytes).equals(Buffer.concat(first.files[0]!.part.bytes))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
