import { type DuckDBConnection, DuckDBInstance, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Expression } from '../../src/query/ast/expression.ts';
import { predicateOf } from '../../src/query/compile/scan/predicate.ts';
import { Columns } from '../../src/query/compile/sql/columns.ts';
import { duckDb } from '../../src/query/compile/sql/duckdb.ts';
import { Unsayable } from '../../src/query/compile/sql/fragment.ts';
import { whereSql } from '../../src/query/compile/sql/where.ts';
import { leaf, oddString } from './odd-texts.ts';

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

/** Which texts satisfy a condition, by DuckDB; undefined where it cannot be said. */
async function found(where: Expression, texts: string[]): Promise<boolean[] | undefined> {
  try {
    const condition = whereSql(where, { dialect: duckDb, columns: new Columns([]) });
    const bound = condition.values.map((value) => ('value' in value ? value.value : null));
    const types = condition.values.map(() => VARCHAR);
    const statement = `SELECT coalesce(${condition.text}, FALSE) FROM (SELECT unnest(?) AS message)`;
    const result = await connection.runAndReadAll(statement, [...bound, listValue(texts)], [...types, LIST(VARCHAR)]);
    return result.getRows().map(([isFound]) => isFound as boolean);
  } catch (error) {
    if (error instanceof Unsayable) return undefined;
    throw error;
  }
}

test('finds in DuckDB the texts that a scan finds', async () => {
  let said = 0;
  const runs = 600;
  await fc.assert(
    fc.asyncProperty(leaf, fc.array(oddString(10), { minLength: 30, maxLength: 40 }), async (where, random) => {
      const own = 'text' in where ? where.text : String(where.kind === 'compare' ? where.value : '');
      const texts = [...random, own, own.toUpperCase(), own.toLowerCase(), `x ${own}`, `${own}é`, ` ${own.slice(1)}`].map((value) =>
        value.toWellFormed(),
      );
      const accepts = predicateOf(where);
      const rows = await found(where, texts);
      if (!rows) return;
      said++;
      expect(texts.filter((_, i) => rows[i])).toEqual(texts.filter((value) => accepts(value)));
    }),
    { numRuns: runs },
  );
  expect(said).toBeGreaterThan(runs * 0.8);
});
