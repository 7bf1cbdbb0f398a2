import fc from 'fast-check';
import type { Expression, Scalar } from '../../src/query/ast/expression.ts';
import { parseWhere, printWhere } from '../../src/query/ast/json.ts';
import { type Query, querySources, type TimeSpan } from '../../src/query/ast/query.ts';
import type { GroupKey } from '../../src/query/plan.ts';

const odd = fc.string({
  unit: fc.constantFrom('a', 'B', '1', '.', ':', '*', '?', '"', '\\', '/', '(', ')', '-', ' ', '\n', '<', '=', '|', 'é', '😀'),
});
const field = fc.oneof(
  fc.constantFrom('level', 'message', 'service', 'severity', 'attributes.status', 'status', 'user.id', 'last', 'NOT', 'a-b'),
  odd.filter((name) => name !== ''),
);
const text = fc.oneof(fc.constantFrom('error', 'timed out', '200', 'true', 'AND', 'OR', 'a*', '*', '/x/', '-5', '5e3', ''), odd);
const value: fc.Arbitrary<Scalar> = fc.oneof(
  text,
  fc.boolean(),
  fc.constantFrom(0, 200, -1.5, 1e21),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
);
const operator = fc.constantFrom('=', '!=', '>', '>=', '<', '<=') as fc.Arbitrary<'=' | '!=' | '>' | '>=' | '<' | '<='>;

/** Tells whether the language takes a condition: not every text is a time or a pattern. */
function isTaken(where: Expression): boolean {
  try {
    parseWhere(printWhere(where));
    return true;
  } catch {
    return false;
  }
}

const leaf: fc.Arbitrary<Expression> = fc
  .oneof(
    fc.record({ kind: fc.constant('compare' as const), op: operator, field, value }),
    fc.record({
      kind: fc.constant('compare' as const),
      op: operator,
      field: fc.constant('timestamp'),
      value: fc.constantFrom<Scalar>('2026-11-20T10:00:00Z', 5),
    }),
    fc.record({ kind: fc.constant('in' as const), field, values: fc.array(value, { maxLength: 3 }) }),
    fc.record({ kind: fc.constant('exists' as const), field }),
    fc.record({
      kind: fc.constantFrom(
        'match' as const,
        'phrase' as const,
        'contains' as const,
        'prefix' as const,
        'wildcard' as const,
        'regex' as const,
      ),
      field,
      text,
    }),
  )
  .filter(isTaken);

/** Conditions of every kind, with names and values that need quoting. */
export const anyExpression: fc.Arbitrary<Expression> = fc.letrec<{ node: Expression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), items: fc.array(tie('node'), { maxLength: 3 }) }),
    fc.record({ kind: fc.constant('not' as const), item: tie('node') }),
  ),
})).node;

const span: fc.Arbitrary<TimeSpan | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.integer({ min: 1, max: 1e6 }).map((ms) => ({ lastUs: ms * 1000 })),
  fc
    .tuple(fc.option(fc.nat(1e9), { nil: undefined }), fc.option(fc.nat(1e9), { nil: undefined }))
    .map(([fromUs, toUs]) => ({ fromUs, toUs })),
);
const key: fc.Arbitrary<GroupKey> = fc.oneof(
  fc.constantFrom('service', 'attributes.status', 'host').map((name) => ({ kind: 'field' as const, field: name, as: name })),
  fc
    .tuple(fc.constantFrom(60e6, 300e6, 86_400e6, 1500e3), fc.constantFrom(undefined, undefined, 'Europe/Berlin', '+05:30', 'UTC'))
    .map(([stepUs, zone]) => ({ kind: 'bucket' as const, stepUs, as: 'bucket', ...(zone ? { zone } : {}) })),
);
const as = fc.constantFrom('n', 'p95', 'x y', '__proto__');
const aggregate: fc.Arbitrary<Query['aggregates'][number]> = fc.oneof(
  fc.record({ fn: fc.constantFrom('count' as const, 'rate' as const), as }),
  fc.record({
    fn: fc.constantFrom('sum' as const, 'avg' as const, 'min' as const, 'max' as const, 'distinct' as const),
    field: fc.constantFrom('a', 'b.c'),
    as,
  }),
  fc.record({ fn: fc.constant('percentile' as const), field: fc.constant('a'), percent: fc.constantFrom(0, 95, 99.9), as }),
);

/** Queries for records and for groups. */
export const anyQuery: fc.Arbitrary<Query> = fc
  .record({
    from: fc.constantFrom('logs' as const, 'logs' as const, ...querySources),
    time: span,
    where: anyExpression,
    select: fc.option(fc.array(fc.constantFrom('timestamp', 'message')), { nil: undefined }),
    groupBy: fc.uniqueArray(key, { maxLength: 2, selector: (held) => held.as }),
    aggregates: fc.uniqueArray(aggregate, { maxLength: 3, selector: (held) => held.as }),
    limit: fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: undefined }),
    cursor: fc.option(fc.string(), { nil: undefined }),
  })
  .chain((query) => {
    const names = [...query.groupBy, ...query.aggregates].map((held) => held.as);
    const orders = fc.tuple(
      fc.constantFrom(...(names.length > 0 ? names : ['timestamp'])),
      fc.constantFrom('asc' as const, 'desc' as const),
    );
    const kept: fc.Arbitrary<Expression | undefined> =
      names.length === 0
        ? fc.constant(undefined)
        : fc.option(fc.record({ kind: fc.constant('compare' as const), op: operator, field: fc.constantFrom(...names), value }), {
            nil: undefined,
          });
    const keys = query.groupBy.map((held) => held.as);
    const top =
      keys.length === 0
        ? fc.constant(undefined)
        : fc.option(fc.record({ n: fc.integer({ min: 1, max: 10_000 }), by: fc.subarray(keys, { minLength: 1 }) }), { nil: undefined });
    return fc
      .tuple(fc.array(orders, { maxLength: 2 }), kept, top)
      .map(([orderBy, having, first]) => ({ ...query, orderBy, having, ...(first ? { top: first } : {}) }));
  });
