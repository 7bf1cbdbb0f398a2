import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expression } from '../../../../test/columnar/arbitrary.ts';
import type { Expression } from '../../ast/expression.ts';
import { parseWhere } from '../../ast/json.ts';
import { compileGroups, groupsBody } from './aggregate.ts';
import { type Dsl, isExact } from './dsl.ts';
import { compileSelection, pageBody } from './query.ts';
import { compileWhere } from './where.ts';

const time = { fromUs: 10, toUs: 20 };
const whereOf = (json: unknown): Expression => parseWhere(json);

/** Every name of a property, and every value, of a body. */
function* partsOf(json: unknown): Generator<[name: string, value: unknown]> {
  if (typeof json !== 'object' || json === null) return;
  for (const [name, value] of Object.entries(json)) {
    yield [name, value];
    yield* partsOf(value);
  }
}

test('the tenant and the time stand beside every condition, and nothing is asked that could leak', () => {
  fc.assert(
    fc.property(expression, (where) => {
      const { upper, lower } = compileSelection({ tenant: 'acme', time, where });
      for (const query of [upper, lower]) {
        const { bool } = query as { bool?: { filter: Dsl[] } };
        if (!bool) expect(query).toEqual({ match_none: {} });
        else expect(JSON.stringify(bool.filter)).toContain('{"term":{"tenant":{"value":"acme"}}}');
      }
      for (const [name] of partsOf(pageBody(upper, 'desc', 10, undefined))) {
        expect([
          'script',
          'script_fields',
          'min_doc_count',
          'suggest',
          'global',
          'runtime_mappings',
          'query_string',
          'stored_fields',
        ]).not.toContain(name);
      }
    }),
  );
});

test('groups are asked of the tenant alone', () => {
  const program = compileGroups({
    ...{ tenant: 'acme', time, where: whereOf(['and']), orderBy: [], limit: 10 },
    groupBy: [{ kind: 'field', field: 'path', as: 'path' }],
    aggregates: [{ fn: 'distinct', field: 'status', as: 'n' }],
  });
  const { upper } = compileSelection({ tenant: 'acme', time, where: whereOf(['and']) });
  const body = groupsBody(upper, program!.keys.flat(), {}, 100, undefined);
  expect(JSON.stringify(body.query)).toContain('"tenant":{"value":"acme"}');
  expect([...partsOf(body)].map(([name]) => name)).not.toContain('global');
  expect(program!.marks).toEqual(['a.path', 'a.status']);
});

test.each<[unknown, boolean]>([
  [['=', 'status', 200], true],
  [['match', 'message', 'timed out'], true],
  [['phrase', 'message', 'timed out'], true],
  [['contains', 'message', 'imeou'], true],
  [['contains', 'message', 'timed out'], false],
  [['regex', 'message', 'time[d]'], false],
  [['regex', 'path', '^/api/(v1|v2)/[a-z]+$'], true],
  [['regex', 'path', '\\bapi\\b'], false],
  [['prefix', 'message', 'GET'], false],
  [['contains', 'path', 'ÜBER'], true],
  [['=', 'id', '0100000000001'], true],
])('%j is decided by the index: %s', (json, isDecided) => {
  expect(isExact(withoutMarks(compileWhere(whereOf(json))))).toBe(isDecided);
});

/** Bounds for records without marks. */
function withoutMarks({ upper, lower }: { upper: Dsl; lower: Dsl }): { upper: Dsl; lower: Dsl } {
  const should = (upper as { bool?: { should?: Dsl[] } }).bool?.should;
  const filter = (lower as { bool?: { filter?: Dsl[] } }).bool?.filter;
  if (!should || !JSON.stringify(should.at(-1)).startsWith('{"terms":{"marks":')) return { upper, lower };
  const [first] = should;
  return { upper: first!, lower: filter?.[0] ?? { match_none: {} } };
}

test('values are data: what means something in a pattern is escaped', () => {
  const { upper } = compileWhere(whereOf(['contains', 'path', 'a.*"(b)\\']));
  const [, value] = [...partsOf(upper)].find(([name]) => name === 'value')!;
  expect(value).toBe('.*[aA]\\.\\*\\"\\([bB]\\)\\\\.*');
  const wild = compileWhere(whereOf(['wildcard', 'path', 'a\\*b*?']));
  expect([...partsOf(wild.upper)].find(([name]) => name === 'value')).toEqual(['value', 'a\\*b*?']);
});

test('what would be too much for a node is left to be looked at', () => {
  const deep = Array.from({ length: 60 }).reduce<unknown>((inner, _, i) => [i % 2 ? 'and' : 'or', ['=', 'a', i], inner], ['=', 'b', 1]);
  const wide = ['or', ...Array.from({ length: 2_000 }, (_, i) => ['=', `k${i}`, i])];
  for (const json of [deep, wide]) {
    const { upper, lower } = compileWhere(whereOf(json));
    expect(JSON.stringify(upper).length).toBeLessThan(200_000);
    expect(upper).not.toEqual(lower);
  }
  expect(() => compileWhere({ kind: 'compare', op: '>', field: 'timestamp', value: 'noon' })).toThrow('INVALID_QUERY');
});
