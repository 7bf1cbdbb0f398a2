import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sizeOf } from '../core/intervals.ts';
import type { Attributes, AttributeValue, LogRecord, Position } from '../core/record.ts';
import { encodeTable } from './encode.ts';
import { Table } from './table.ts';

type Entry = { tenant: string; position: Position; record: LogRecord };

const plainRecord: LogRecord = {
  timestamp: 1_795_000_000_000_000,
  timestamp_ns: 0,
  observed_timestamp: 1_795_000_000_500_000,
  level: 'info',
  severity: 9,
  service: 'web',
  env: undefined,
  host: undefined,
  message: 'GET / 200',
  trace_id: undefined,
  span_id: undefined,
  attributes: {},
  client_id: undefined,
};

const entryOf = (offset: number, record: Partial<LogRecord>, tenant = 'acme'): Entry => ({
  tenant,
  position: { generation: 1, partition: 0, offset },
  record: { ...plainRecord, ...record },
});

function tableOf(entries: Entry[]): Table {
  const table = new Table();
  for (const { tenant, position, record } of entries) expect(table.add(tenant, position, record)).toBe(true);
  return table;
}

function encoded(entries: Entry[]) {
  const table = tableOf(entries);
  const steps = encodeTable(table);
  for (;;) {
    const step = steps.next();
    if (step.done) return { bytes: Buffer.concat(step.value.bytes), info: step.value.info, table };
  }
}

/** What a row of a file says, whichever reader read it: numbers and absent values made alike. */
function entryOfRow(row: Record<string, unknown>): Entry {
  const attributes: [string, AttributeValue][] = [];
  for (const [name, value] of Object.entries(row)) {
    if (value === null || value === undefined || !/^(str|num|bool)\./.test(name)) continue;
    attributes.push([name.slice(name.indexOf('.') + 1), value as AttributeValue]);
  }
  const rest = row.attributes ? Object.entries(JSON.parse(row.attributes as string)) : [];
  const text = (name: string) => (row[name] ?? undefined) as string | undefined;
  return {
    tenant: row.tenant as string,
    position: { generation: Number(row.generation), partition: Number(row.partition), offset: Number(row.offset) },
    record: {
      timestamp: Number(row.timestamp),
      timestamp_ns: Number(row.timestamp_ns),
      observed_timestamp: Number(row.observed_timestamp),
      level: row.level as LogRecord['level'],
      severity: Number(row.severity),
      service: row.service as string,
      env: text('env'),
      host: text('host'),
      message: text('message'),
      trace_id: text('trace_id'),
      span_id: text('span_id'),
      client_id: text('client_id'),
      attributes: Object.fromEntries([...attributes, ...rest]) as Attributes,
    },
  };
}

async function readByHyparquet(bytes: Buffer): Promise<Entry[]> {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const rows = await parquetReadObjects({
    file: { byteLength: buffer.byteLength, slice: (from, to) => buffer.slice(from, to) },
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
    parsers: { timestampFromMicroseconds: (us: bigint) => us } as never,
  });
  return rows.map(entryOfRow);
}

const inOrder = (entries: Entry[]): Entry[] =>
  [...entries].sort(
    (a, b) =>
      Buffer.compare(Buffer.from(a.tenant), Buffer.from(b.tenant)) ||
      Buffer.compare(Buffer.from(a.record.service), Buffer.from(b.record.service)) ||
      a.record.timestamp - b.record.timestamp ||
      a.record.timestamp_ns - b.record.timestamp_ns ||
      a.position.generation - b.position.generation ||
      a.position.partition - b.position.partition ||
      a.position.offset - b.position.offset,
  );

let folder: string;
let duckdb: DuckDBConnection;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'logdrive-encode-'));
  duckdb = await (await DuckDBInstance.create(':memory:')).connect();
});
afterAll(() => {
  duckdb.closeSync();
  rmSync(folder, { recursive: true });
});

async function readByDuckDb(bytes: Buffer): Promise<Entry[]> {
  const path = join(folder, 'part.parquet');
  writeFileSync(path, bytes);
  const replaced = '* replace (epoch_us("timestamp") as "timestamp", epoch_us(observed_timestamp) as observed_timestamp)';
  const result = await duckdb.runAndReadAll(`select ${replaced} from read_parquet('${path}')`);
  return result.getRowObjectsJS().map((row) => entryOfRow(row as Record<string, unknown>));
}

const uuid = (i: number) => i.toString(16).padStart(32, '0');

const cases: Record<string, Entry[]> = {
  'one row': [entryOf(0, {})],
  'texts of every kind': [
    entryOf(0, { message: undefined }),
    entryOf(1, { message: '', env: '', host: 'a\u0000b' }),
    entryOf(2, { message: 'naïve 東京 🚀 \u0000 end', attributes: { 'a.b': '\u0000', empty: '', 'ключ с пробелом': '🚀', '': 'no name' } }),
    entryOf(3, { service: 'ünï', message: 'x'.repeat(300_000) }),
    entryOf(4, { trace_id: uuid(7), span_id: '00f067aa0ba902b7', client_id: uuid(9) }),
  ],
  'numbers of every kind': [-0, 0, 1e308, -1e308, 5e-324, 2 ** 53, -(2 ** 53), 0.1, 1, 1].map((value, i) =>
    entryOf(i, { attributes: { value, whole: i } }),
  ),
  'types that differ under one key': [true, false, 'true', 1, 'x', 2.5].map((value, i) => entryOf(i, { attributes: { mixed: value } })),
  'times before 1970 and far apart': [-62_135_596_800_000_000 / 8, -1, 0, 1, 2 ** 52, -(2 ** 52), 2 ** 53 - 1].map((timestamp, i) =>
    entryOf(i, { timestamp, timestamp_ns: i * 100, observed_timestamp: 0 - timestamp }),
  ),
  'tenants, services, partitions and equal times': Array.from({ length: 500 }, (_, i) => ({
    ...entryOf(0, { service: `s${i % 7}`, timestamp: 1_000_000 + (i % 5), timestamp_ns: i % 2, severity: 1 + (i % 24) }, `t${i % 3}`),
    position: { generation: 1 + (i % 2), partition: i % 4, offset: 499 - i },
  })),
  'more keys than columns': Array.from({ length: 300 }, (_, i) =>
    entryOf(i, { attributes: { [`key${i % 200}`]: i, [`text${i % 100}`]: `v${i}`, [`flag${i}`]: i % 2 === 0, ['__proto__']: 'own' } }),
  ),
};

describe('a file written from a table', () => {
  for (const [name, entries] of Object.entries(cases)) {
    it(`gives back ${name} by DuckDB and by hyparquet`, async () => {
      const { bytes, table } = encoded(entries);
      const expected = inOrder(entries);
      expect(await readByDuckDb(bytes)).toEqual(expected);
      expect(await readByHyparquet(bytes)).toEqual(expected);
      expect(entries.map((_, row) => table.record(row))).toMatchObject(entries.map(({ record }) => record));
    });
  }

  it('keeps the sign of zero', async () => {
    const { bytes } = encoded([entryOf(0, { attributes: { zero: -0 } }), entryOf(1, { timestamp: 2e15, attributes: { zero: 0 } })]);
    const read = await readByDuckDb(bytes);
    expect(read.map(({ record }) => Object.is(record.attributes.zero, -0))).toEqual([true, false]);
  });

  for (const rows of [4095, 4096, 4097, 16_384, 16_385, 65_535]) {
    it(`gives back ${rows} rows of low and high cardinality`, async () => {
      const entries = Array.from({ length: rows }, (_, i) =>
        entryOf(i, {
          timestamp: 1_795_000_000_000_000 + ((i * 7919) % 1_000_003) * 1000,
          service: `service-${i % 3}`,
          host: `host-${i % 40}`,
          env: i % 5 === 0 ? undefined : `e${i}`,
          message: `request ${i} took ${i % 97} ms`,
          trace_id: i % 2 ? uuid(i >> 2) : undefined,
          attributes: { few: i % 3, many: i * 1.5, id: i, unique: uuid(i), ...(i % 10 === 0 && { rare: true, word: `w${i % 20}` }) },
        }),
      );
      const { bytes, info } = encoded(entries);
      expect(info).toMatchObject({ rows, bytes: bytes.length, tenants: ['acme'], minTimestamp: 1_795_000_000_000_000 });
      expect(sizeOf(info.offsets[0]!.offsets)).toBe(rows);
      const expected = inOrder(entries);
      const read = rows > 20_000 ? await readByDuckDb(bytes) : await readByHyparquet(bytes);
      expect(read.length).toBe(rows);
      for (let i = 0; i < rows; i += rows > 20_000 ? 7 : 1) if (!same(read[i]!, expected[i]!)) expect(read[i]).toEqual(expected[i]);
    });
  }

  it('is the same bytes for the same rows', () => {
    const entries = cases['more keys than columns']!;
    expect(encoded(entries).bytes.equals(encoded(entries).bytes)).toBe(true);
  });

  it('is the same bytes when two tables are written in turns', () => {
    const overflowing = (rows: number, stride: number) =>
      Array.from({ length: rows }, (_, i) => {
        const keys = Array.from({ length: 5 }, (_, k) => [`key${(i * stride + k) % 200}`, `v${i}`]);
        return entryOf(i, { host: `h${i % 7}`, attributes: Object.fromEntries(keys) });
      });
    const lists = [overflowing(3000, 5), cases['texts of every kind']!, overflowing(2800, 11), overflowing(20, 3)];
    const alone = lists.map((entries) => encoded(entries).bytes);
    const inTurns: (Buffer | undefined)[] = lists.map(() => undefined);
    const steps = lists.map((entries) => encodeTable(tableOf(entries)));
    while (inTurns.includes(undefined)) {
      steps.forEach((step, i) => {
        const next = inTurns[i] ? undefined : step.next();
        if (next?.done) inTurns[i] = Buffer.concat(next.value.bytes);
      });
    }
    expect(inTurns.map((bytes, i) => bytes!.equals(alone[i]!))).toEqual(lists.map(() => true));
  });

  it('holds the rows that there were when it began, whatever is added meanwhile', async () => {
    const keys = (i: number) => Object.fromEntries(Array.from({ length: 8 }, (_, k) => [`key${(i * 3 + k) % 90}`, k % 2 ? i : `v${i}`]));
    const entries = Array.from({ length: 2_500 }, (_, i) => entryOf(i, { message: `m${i}`, host: `h${i % 9}`, attributes: keys(i) }));
    const table = tableOf(entries.slice(0, 1_500));
    const steps = encodeTable(table);
    let added = 1_500;
    let step = steps.next();
    for (; !step.done; step = steps.next()) {
      const { position, record } = entries[added++ % entries.length]!;
      table.add(`later${added}`, position, {
        ...record,
        service: `later${added}`,
        attributes: { ...record.attributes, [`later${added}`]: 1 },
      });
    }
    expect(added).toBeGreaterThan(1_520);
    const bytes = Buffer.concat(step.value.bytes);
    expect(await readByHyparquet(bytes)).toEqual(inOrder(entries.slice(0, 1_500)));
    expect(bytes.equals(encoded(entries.slice(0, 1_500)).bytes)).toBe(true);
  });

  it('gives back whatever records it is made of', async () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constantFrom('a', 'b', ''));
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    const value = fc.oneof(text, number, fc.integer(), fc.boolean());
    const maybe = (arbitrary: fc.Arbitrary<string>) => fc.option(arbitrary, { nil: undefined });
    const record = fc.record({
      timestamp: fc.integer({ min: -(2 ** 50), max: 2 ** 51 }),
      timestamp_ns: fc.integer({ min: 0, max: 999 }),
      observed_timestamp: fc.integer({ min: 0, max: 2 ** 51 }),
      level: fc.constantFrom('info', 'error'),
      severity: fc.integer({ min: 1, max: 24 }),
      service: text,
      env: maybe(text),
      host: maybe(text),
      message: maybe(fc.string({ unit: 'grapheme', maxLength: 60 })),
      trace_id: maybe(fc.constantFrom(uuid(1), uuid(2))),
      span_id: fc.constant(undefined),
      client_id: maybe(fc.constantFrom(uuid(3))),
      attributes: fc.dictionary(fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__'), text), value, { maxKeys: 8, noNullPrototype: true }),
    }) as fc.Arbitrary<LogRecord>;
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 40 }), async (records) => {
        const entries = records.map((each, offset) => entryOf(offset, each));
        expect(await readByHyparquet(encoded(entries).bytes)).toEqual(inOrder(entries));
      }),
      { numRuns: 60 },
    );
  });
});

const same = (a: Entry, b: Entry) => JSON.stringify(sortedKeys(a)) === JSON.stringify(sortedKeys(b));
const sortedKeys = ({ tenant, position, record }: Entry) => [
  tenant,
  position,
  Object.entries(record.attributes).sort(),
  ...Object.keys(plainRecord)
    .map((key) => record[key as keyof LogRecord])
    .filter((value) => typeof value !== 'object'),
];
