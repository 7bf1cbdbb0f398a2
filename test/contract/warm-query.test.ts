import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, describe, expect, test } from 'vitest';
import { type DuckDbOptions, DuckDbWarmQuery } from '../../src/adapters/warm-query/duckdb/duckdb-warm-query.ts';
import { encodeTable } from '../../src/columnar/encode.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { duckDb } from '../../src/query/compile/sql/duckdb.ts';
import { sql } from '../../src/query/compile/sql/fragment.ts';
import type { AggregatePlan } from '../../src/query/plan.ts';
import type { WarmFile } from '../../src/query/ports/warm-query.ts';
import { fold } from '../../src/query/text.ts';
import { tableOf } from '../columnar/arbitrary.ts';
import { type WarmQueryBench, warmQueryContract } from './warm-query.contract.ts';

async function openDuckDb(options: Partial<DuckDbOptions> = {}): Promise<WarmQueryBench & { engine: DuckDbWarmQuery; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'logdrive-sql-'));
  let files = 0;
  const engine = new DuckDbWarmQuery({ root: folder, temporary: join(folder, 'tmp'), ...options });
  return {
    engine,
    folder,
    takesBytes: true,
    async store(bytes) {
      const name = `${files++}.parquet`;
      await writeFile(join(folder, name), bytes);
      return name;
    },
    async close() {
      await engine.close();
      await rm(folder, { recursive: true });
    },
  };
}

warmQueryContract('DuckDB', openDuckDb);

const plan: AggregatePlan = {
  tenant: 'acme',
  time: { fromUs: 0, toUs: 1e16 },
  where: everything,
  groupBy: [],
  aggregates: [{ fn: 'count', as: 'n' }],
  orderBy: [],
  limit: 10,
};

function fileInMemory(rows: number): WarmFile {
  const times = { timestamp: 1e15, timestamp_ns: 0, observed_timestamp: 1e15 };
  const absent = { env: undefined, host: undefined, trace_id: undefined, span_id: undefined, client_id: undefined };
  const records = Array.from({ length: rows }, (_, offset) => {
    const position = { tenant: 'acme', generation: 0, partition: 0, offset };
    const message = `message ${offset} ${'x'.repeat(offset % 90)}`;
    return { ...times, ...absent, ...position, id: '', level: 'info' as const, severity: 9, service: 'api', message, attributes: {} };
  });
  const steps = encodeTable(tableOf(records));
  let step = steps.next();
  while (!step.done) step = steps.next();
  return { content: step.value.bytes, bytes: step.value.info.bytes, columns: [] };
}

describe('the thread of DuckDB', () => {
  let bench: Awaited<ReturnType<typeof openDuckDb>>;
  afterEach(() => bench.close());

  test('starts with the first query that needs it, and is one for all', async () => {
    bench = await openDuckDb();
    expect(await bench.engine.aggregate([], plan)).toBeUndefined();
    expect(bench.engine.counts().starts).toBe(0);
    const file = fileInMemory(3);
    const answers = await Promise.all(Array.from({ length: 6 }, () => bench.engine.aggregate([file], plan)));
    expect(answers.map((groups) => groups?.rows)).toEqual(Array(6).fill([{ n: 3 }]));
    expect(bench.engine.counts()).toMatchObject({ starts: 1, running: 0, queries: 7, files: 6, bytes: file.bytes * 6 });
    expect(await readdir(join(bench.folder, 'tmp'))).toEqual([]);
  });

  test('ends when idle and starts again', async () => {
    bench = await openDuckDb({ idleMs: 20 });
    for (const starts of [1, 2]) {
      expect((await bench.engine.aggregate([fileInMemory(1)], plan))?.rows).toEqual([{ n: 1 }]);
      expect(bench.engine.counts().starts).toBe(starts);
      await expect.poll(() => bench.engine.isStarted).toBe(false);
    }
  });

  test('stops a query that takes too long, and answers the next', async () => {
    bench = await openDuckDb({ timeoutMs: 1_000 });
    await bench.engine.aggregate([fileInMemory(1)], plan);
    const file = fileInMemory(20_000);
    const slow: AggregatePlan = { ...plan, aggregates: [{ fn: 'distinct', field: 'message', as: 'n' }] };
    const stored = { ...file, content: await bench.store(file.content as Uint8Array[]) };
    const files = Array.from({ length: 2_000 }, () => stored);
    await expect(bench.engine.aggregate(files, slow)).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' });
    expect(bench.engine.counts()).toMatchObject({ timeouts: 1, running: 0 });
    expect((await bench.engine.aggregate([fileInMemory(2)], plan))?.rows).toEqual([{ n: 2 }]);
  });

  test('says so when a file is gone', async () => {
    bench = await openDuckDb();
    const gone: WarmFile = { content: 'gone.parquet', bytes: 1, columns: [] };
    await expect(bench.engine.aggregate([gone], plan)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('does not look for files in a folder whose name it would take for a pattern', async () => {
    bench = await openDuckDb({ root: '/data/[logs]' });
    expect(await bench.engine.aggregate([fileInMemory(1)], plan)).toBeUndefined();
  });

  test('fails calls once it is closed', async () => {
    bench = await openDuckDb();
    await bench.engine.close();
    await expect(bench.engine.aggregate([fileInMemory(1)], plan)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});

test('DuckDB folds every letter as we do', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const { text, values } = sql`SELECT page, ${duckDb.fold(sql`letters`, 'i\u03c3')} FROM (
    SELECT code // 256 AS page, string_agg(chr(CAST(code AS INTEGER)), '' ORDER BY code) AS letters
    FROM (FROM range(1, 55296) UNION ALL FROM range(57344, 1114112)) AS codes(code) GROUP BY ALL) ORDER BY page`;
  const bound = values.map((value) => (value.type === 'text' ? value.value : null));
  const rows = (await connection.runAndReadAll(text, bound)).getRows() as [bigint, string][];
  const isChar = (code: number) => code > 0 && (code < 0xd800 || code > 0xdfff);
  const pageOf = (page: number) => String.fromCodePoint(...Array.from({ length: 256 }, (_, i) => page * 256 + i).filter(isChar));
  expect(rows).toHaveLength(0x1100 - 8);
  expect(rows.filter(([page, folded]) => folded !== fold(pageOf(Number(page))))).toEqual([]);
  connection.closeSync();
  instance.closeSync();
});
