import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { name, sql, text } from '../../../query/compile/sql/fragment.ts';
import { scanCostUsd } from './athena-warm-query.ts';
import { createTable } from './create-table.ts';
import { FilesSql } from './files-sql.ts';
import { literalOf, written } from './literals.ts';
import { tables } from './manifest.ts';

describe('values in the text of a statement', () => {
  test('stand where their places are, and nowhere else', () => {
    const odd = name(`a?"'b`);
    expect(written(sql`SELECT ${odd}, '?', ${text('x')} FROM t WHERE a = ${text("it's?")} -- done`)).toBe(
      `SELECT "a?""'b", '?', 'x' FROM t WHERE a = 'it''s?' -- done`,
    );
  });

  test('are one literal each, whatever is in them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const literal = literalOf({ type: 'text', value });
        expect(literal.replace(/^U&/, '')).toMatch(/^'(?:[^']|'')*'$/);
        const inside = literal.replace(/^U&/, '').slice(1, -1).replaceAll("''", "'");
        const read = literal.startsWith('U&')
          ? inside.replace(/\\(\\|[0-9a-f]{4})/g, (_, code: string) =>
              code === '\\' ? code : String.fromCharCode(Number.parseInt(code, 16)),
            )
          : inside;
        expect(read).toBe(value);
      }),
    );
  });

  test('are typed', () => {
    expect(literalOf({ type: 'number', value: 1e21 })).toBe(`DOUBLE '1e+21'`);
    expect(literalOf({ type: 'number', value: Number.NEGATIVE_INFINITY })).toBe('-infinity()');
    expect(literalOf({ type: 'integer', value: 2 ** 52 })).toBe('4503599627370496');
    expect(literalOf({ type: 'time', us: 1.5 })).toBe('2');
    expect(literalOf({ type: 'boolean', value: false })).toBe('FALSE');
    expect(literalOf({ type: 'texts', values: ['a', "b'"] })).toBe(`ARRAY['a', 'b''']`);
  });
});

test('files are rows of tables by partition and path; columns of attributes make a table of their own', () => {
  const sources = new FilesSql('s3://b/');
  const file = 'tenant=acme/dataset=logs/dt=2026-11-21/hour=08/x.parquet';
  expect(written(sources.of([file], ['level']))).toMatch(
    /FROM "logs" WHERE "tenant" IN \('acme'\) AND "dataset" IN \('logs'\) AND "dt" IN \('2026-11-21'\) AND "hour" IN \('08'\) AND "\$path" IN \('s3:\/\/b\/tenant=/,
  );
  sources.of([file, 'level0/p7/y.parquet'], ['num.Latency', 'str.path']);
  expect([...sources.tables.keys()]).toEqual([
    'logs',
    expect.stringMatching(/^logs_[0-9a-f]{12}$/),
    expect.stringMatching(/^level0_[0-9a-f]{12}$/),
  ]);
  expect(() => sources.of(['elsewhere.parquet'], [])).toThrow('outside the tables');
  expect(() => sources.of([file], ['str.a b'])).toThrow('none of a table');
});

test('a table is said in Hive words, with its projection', () => {
  const ddl = createTable('logs_dev', tables('s3://b/')[1]!);
  expect(ddl).toContain('CREATE EXTERNAL TABLE IF NOT EXISTS `logs_dev`.`level0` (`tenant` string, `timestamp` bigint,');
  expect(ddl).toContain(`PARTITIONED BY (\`p\` string)\nSTORED AS PARQUET\nLOCATION 's3://b/level0/'`);
  expect(ddl).toContain(`'storage.location.template' = 's3://b/level0/p\${p}/'`);
  expect(() => createTable('a`b', tables('s3://b/')[0]!)).toThrow('no name');
});

test('a scan costs what it reads, 10 MiB at least', () => {
  expect(scanCostUsd(2 ** 40)).toBe(5);
  expect(scanCostUsd(1)).toBeCloseTo(0.0000477, 7);
});
