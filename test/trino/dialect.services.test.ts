import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { AthenaWarmQuery } from '../../src/adapters/warm-query/athena/athena-warm-query.ts';
import { written } from '../../src/adapters/warm-query/athena/literals.ts';
import { attributeColumn, compactedTable } from '../../src/adapters/warm-query/athena/manifest.ts';
import { encodeTable } from '../../src/columnar/encode.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { type Expression, everything } from '../../src/query/ast/expression.ts';
import { predicateOf } from '../../src/query/compile/scan/predicate.ts';
import { Columns } from '../../src/query/compile/sql/columns.ts';
import { bound, join as joined, sql, Unsayable } from '../../src/query/compile/sql/fragment.ts';
import { trino } from '../../src/query/compile/sql/trino.ts';
import { whereSql } from '../../src/query/compile/sql/where.ts';
import type { AggregatePlan } from '../../src/query/plan.ts';
import { fold } from '../../src/query/text.ts';
import { storedRecords, tableOf } from '../columnar/arbitrary.ts';
import { leaf, oddString } from '../contract/odd-texts.ts';
import { randomName } from '../contract/random-name.ts';
import { TrinoEngine, trinoAt, whenTrinoAnswers } from './trino-engine.ts';

const dialect = trino(() => sql`files`);

function encoded(records: StoredRecord[]): Uint8Array[] {
  const steps = encodeTable(tableOf(records));
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value.bytes;
}

describe.skipIf(!trinoAt.url)('Trino 476 over our files', () => {
  const schema = randomName('t').replaceAll('-', '_');
  const archive = `local:///${schema}/`;
  const engine = new TrinoEngine(schema);
  beforeAll(async () => {
    await mkdir(join(trinoAt.folder, schema, 'level0'), { recursive: true });
    await whenTrinoAnswers(engine, 60_000);
    await engine.run(`CREATE SCHEMA warm.${schema}`);
  });
  const store = async (name: string, bytes: Uint8Array[]) => {
    const path = join(trinoAt.folder, schema, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    return path;
  };

  test('every column of every row reads as DuckDB reads it', async () => {
    const [records = []] = fc.sample(storedRecords(80), { seed: 5, numRuns: 1 });
    const own = records.map((record) => ({ ...record, tenant: 'acme' }));
    const path = await store('tenant=acme/dataset=logs/dt=2025-11-21/hour=08/all.parquet', encoded(own));
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const read = async (statement: string) => (await connection.runAndReadAll(statement)).getRowObjectsJson();
    const names = (await read(`DESCRIBE SELECT * FROM read_parquet('${path}')`)).map(({ column_name }) => String(column_name));
    const attributes = names.flatMap((name) => attributeColumn(name) ?? []);
    const plain = attributes.filter(({ name }) => /^[\w.]+$/.test(name)).map(({ name, type }) => ({ name: name.toLowerCase(), type }));
    expect(plain.length).toBeGreaterThan(3);
    await engine.ensureTable(compactedTable(archive, 'all_columns', plain));
    const columns = names.filter(
      (name) => name !== 'tenant' && (!attributeColumn(name) || plain.some((one) => one.name === name.toLowerCase())),
    );
    const spelt = (name: string) => `CAST("${name}" AS VARCHAR)`;
    const ours = (name: string) => {
      if (/timestamp$/.test(name)) return `CAST(epoch_us("${name}") AS VARCHAR)`;
      return name.startsWith('num.') ? `"${name}"` : spelt(name);
    };
    const order = `ORDER BY generation, "partition", "offset"`;
    const theirs = columns.map((name) => (name.startsWith('num.') ? `"${name}"` : spelt(name)));
    const { rows } = await engine.run(
      `SELECT ${theirs.join(', ')} FROM all_columns WHERE tenant = 'acme' AND dt = '2025-11-21' AND hour = '08' ${order}`,
    );
    const expected = await read(
      `SELECT ${columns.map((name, i) => `${ours(name)} AS c${i}`).join(', ')} FROM read_parquet('${path}') ${order}`,
    );
    expect(rows).toHaveLength(own.length);
    expect(rows).toEqual(expected.map((row) => columns.map((_, i) => row[`c${i}`])));
    connection.closeSync();
    instance.closeSync();
  });

  test('counts what heads list, in compacted files and new ones, and not what lies beside them', async () => {
    const at = (offset: number, tenant = 'acme'): StoredRecord => ({
      ...{ tenant, generation: 0, partition: 0, offset, id: '', level: 'info', severity: 9, service: 'api', message: 'm' },
      ...{ timestamp: 1_763_712_000_000_000 + offset, timestamp_ns: 0, observed_timestamp: 1_763_712_000_000_000 },
      ...{
        env: undefined,
        host: undefined,
        trace_id: undefined,
        span_id: undefined,
        client_id: undefined,
        attributes: { 'http.status': offset },
      },
    });
    const names = {
      merged: 'tenant=acme/dataset=logs/dt=2025-11-21/hour=08/a.parquet',
      late: 'tenant=acme/dataset=logs/dt=2025-11-20/hour=23/b.parquet',
      stray: 'tenant=acme/dataset=logs/dt=2025-11-21/hour=08/stray.parquet',
      fresh: 'level0/p3/c.parquet',
    };
    await store(names.merged, encoded([at(1), at(2)]));
    await store(names.late, encoded([at(3)]));
    await store(names.stray, encoded([at(4), at(5)]));
    await store(names.fresh, encoded([at(6), at(7, 'other')]));
    const query = new AthenaWarmQuery({ engine, archive });
    const plan: AggregatePlan = {
      ...{ tenant: 'acme', time: { fromUs: 0, toUs: 1e16 }, where: everything, groupBy: [], orderBy: [], limit: 10 },
      aggregates: [
        { fn: 'count', as: 'n' },
        { fn: 'sum', field: 'http.status', as: 's' },
      ],
    };
    const fileOf = (content: string) => ({ content, bytes: 1, columns: ['num.http.status'] });
    const listed = [names.merged, names.late, names.fresh].map(fileOf);
    expect((await query.aggregate(listed, plan))?.rows).toEqual([{ n: 4, s: 12 }]);
    expect(
      (await query.aggregate(listed, { ...plan, time: { fromUs: 1_763_712_000_000_002, toUs: 1_763_712_000_000_004 } }))?.rows,
    ).toEqual([{ n: 2, s: 5 }]);
    expect(await query.aggregate([fileOf('elsewhere/x.parquet')], plan)).toBeUndefined();
    const many = Array.from({ length: 3_000 }, (_, i) =>
      fileOf(`tenant=acme/dataset=logs/dt=2025-11-21/hour=08/${'0'.repeat(60)}${i}.parquet`),
    );
    expect(await query.aggregate(many, plan)).toBeUndefined();
  });

  test('folds every letter as we do', async () => {
    const folded = dialect.fold(sql`letters`, 'i\u03c3');
    const { rows } = await engine.run(
      written(sql`SELECT page, ${folded} FROM (
        SELECT page, array_join(transform(sequence(IF(page = 0, 1, page * 256), page * 256 + 255), code -> chr(code)), '') AS letters
        FROM UNNEST(sequence(0, 4351)) AS pages(page) WHERE page NOT BETWEEN 216 AND 223)`),
    );
    const pageOf = (page: number) =>
      String.fromCodePoint(...Array.from({ length: 256 }, (_, i) => page * 256 + i).filter((code) => code > 0));
    expect(rows).toHaveLength(0x1100 - 8);
    expect(rows.filter(([page, found]) => found !== fold(pageOf(page as number)))).toEqual([]);
  });

  test('finds the texts that a scan finds', async () => {
    const tried = fc.sample(fc.tuple(leaf, fc.array(oddString(10), { minLength: 12, maxLength: 12 })), { seed: 9, numRuns: 240 });
    const said = tried.flatMap(([where, random]) => {
      const own = 'text' in where ? where.text : String(where.kind === 'compare' ? where.value : '');
      const texts = [...random, own, own.toUpperCase(), own.toLowerCase(), `x ${own}`, `${own}é`].map((one) => one.toWellFormed());
      try {
        return [{ where, texts, condition: whereSql(where as Expression, { dialect, columns: new Columns([]) }) }];
      } catch (error) {
        if (error instanceof Unsayable) return [];
        throw error;
      }
    });
    expect(said.length).toBeGreaterThan(tried.length * 0.8);
    for (let from = 0; from < said.length; from += 20) {
      const some = said.slice(from, from + 20);
      const texts = some.flatMap((one) => one.texts);
      const holds = some.map(({ condition }) => sql`coalesce(${condition}, FALSE)`);
      const given = bound({ type: 'texts', values: texts });
      const statement = sql`SELECT i, ${joined(holds, ', ')} FROM UNNEST(${given}) WITH ORDINALITY AS texts(message, i)`;
      const { rows } = await engine.run(written(statement));
      const held = rows.sort(([a], [b]) => (a as number) - (b as number)).map((row) => row.slice(1));
      for (const [which, { where }] of some.entries()) {
        const accepts = predicateOf(where);
        expect({ where, found: texts.filter((_, i) => held[i]![which]) }).toEqual({
          where,
          found: texts.filter((value) => accepts(value)),
        });
      }
    }
  });
});
