import { beforeAll, describe, expect, test } from 'vitest';
import { aggregate } from '../../src/columnar/aggregate.ts';
import { mergeParts } from '../../src/columnar/merge.ts';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { openPart, type Part } from '../../src/columnar/part.ts';
import { search } from '../../src/columnar/search.ts';
import { run } from '../../src/columnar/steps.ts';
import { idOf } from '../../src/core/ids.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { type Expression, everything } from '../../src/query/ast/expression.ts';
import { parseWhere } from '../../src/query/ast/json.ts';
import { aggregateRecords } from '../../src/query/compile/scan/aggregate.ts';
import { searchRecords } from '../../src/query/compile/scan/search.ts';
import type { Aggregate, AggregatePlan, GroupKey, GroupRow } from '../../src/query/plan.ts';
import { objectOf, partOf, tableOf } from './arbitrary.ts';

const startUs = Date.UTC(2026, 10, 20) * 1000;
const rows = 36_000;
const services = ['api', 'auth', 'batch', 'web'];

/** The same sequence of numbers in every run (a linear congruential generator of Numerical Recipes). */
function* numbers(): Generator<number> {
  for (let state = 1; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 8;
  }
}

/** Records of one hour, almost in order, whose words gather in some stretches of time. */
function hourOfRecords(): StoredRecord[] {
  const random = numbers();
  const below = (end: number): number => random.next().value! % end;
  return Array.from({ length: rows }, (_, offset) => {
    const service = services[below(4)]!;
    const stretch = Math.floor(offset / 1500);
    const position = { generation: 0, partition: offset % 2, offset };
    const message = [
      `request ${below(1e6)}`,
      `stretch${stretch}`,
      offset % 4000 === 77 ? `needle in ${stretch}` : 'took',
      `${service}like`,
      `${below(900)} ms`,
    ];
    return {
      timestamp: startUs + Math.floor((offset * 3600e6) / rows) + below(2e6),
      timestamp_ns: below(3),
      observed_timestamp: startUs + 3600e6,
      level: below(9) === 0 ? 'error' : 'info',
      severity: 9,
      service,
      env: undefined,
      host: undefined,
      message: offset % 50 === 3 ? undefined : message.join(' '),
      trace_id: offset % 3 === 0 ? below(0xffff).toString(16).padStart(32, '0') : undefined,
      span_id: undefined,
      attributes: { status: 200 + below(4) * 100, latency_ms: below(1e6) / 1000, user: `u${below(30_000)}` },
      client_id: undefined,
      tenant: 'acme',
      id: idOf(position),
      ...position,
    };
  });
}

const records = hourOfRecords();
const cache = new PageCache();
const third = rows / 3;
let pieces: { name: string; sources: { source: Part | ReturnType<typeof tableOf> }[] }[];

beforeAll(async () => {
  const parts = await Promise.all([0, 1, 2].map((i) => partOf(records.slice(i * third, (i + 1) * third), cache, i === 1)));
  const { files } = await run(mergeParts(parts.map((source) => ({ source }))));
  const merged = await Promise.all(files.map(({ part }) => openPart(objectOf(part.bytes, false), cache)));
  const table = tableOf(records.slice(2 * third));
  pieces = [
    { name: 'sealed files', sources: parts.map((source) => ({ source })) },
    { name: 'a table and files', sources: [parts[0]!, parts[1]!, table].map((source) => ({ source })) },
    { name: 'merged files', sources: merged.map((source) => ({ source })) },
  ];
});

const some = records[9_000]!;
const questions: unknown[] = [
  ['and'],
  ['match', 'message', 'needle'],
  ['match', 'message', 'authlike'],
  ['contains', 'message', 'LIKE 55'],
  ['contains', 'message', 'ATCHLIKE 7'],
  ['match', 'message', 'stretch7'],
  ['contains', 'message', 'tretch1'],
  ['contains', 'message', 'EEDL'],
  ['contains', 'message', '12 m'],
  ['phrase', 'message', 'needle in 5'],
  ['regex', 'message', 'stretch1[01] needle'],
  ['wildcard', 'message', '*needle*7*'],
  ['=', 'message', some.message],
  ['=', 'trace_id', some.trace_id],
  ['=', 'id', some.id],
  ['=', 'user', some.attributes.user],
  ['in', 'user', ['u1', 'u2', 'nobody']],
  ['and', ['=', 'service', 'auth'], ['=', 'level', 'error']],
  ['and', ['>', 'latency_ms', 990], ['not', ['=', 'service', 'api']]],
  ['or', ['match', 'message', 'needle'], ['>=', 'latency_ms', 999.5]],
  ['not', ['exists', 'message']],
  ['and', ['in', 'service', ['web', 'batch']], ['=', 'status', 500], ['match', 'message', 'stretch3 took']],
];

const byService: GroupKey = { kind: 'field', field: 'service', as: 'service' };
const aggregates: Aggregate[] = [
  { fn: 'count', as: 'n' },
  { fn: 'percentile', field: 'latency_ms', percent: 95, as: 'p95' },
  { fn: 'percentile', field: 'attributes.status', percent: 50, as: 'p50' },
  { fn: 'avg', field: 'latency_ms', as: 'mean' },
  { fn: 'distinct', field: 'user', as: 'users' },
];

describe('over many pages', () => {
  test.each(questions.map((question) => [JSON.stringify(question), question] as const))('%s', async (_, question) => {
    const where = parseWhere(question);
    const times = [
      { fromUs: 0, toUs: 4e15 },
      { fromUs: startUs + 600e6, toUs: startUs + 1300e6 },
    ];
    for (const time of times) {
      for (const order of ['desc', 'asc'] as const) {
        const plan = { tenant: 'acme', time, where, order, limit: 150 };
        const expected = searchRecords(records, plan).map(({ id }) => id);
        for (const { name, sources } of pieces) {
          const found = await search(sources, plan);
          expect(
            found.records.map(({ id }) => id),
            name,
          ).toEqual(expected);
        }
      }
    }
  });

  test.each([
    ['service, 5 min', everything, [byService, { kind: 'bucket', stepUs: 300e6, as: 'bucket' }]],
    ['service', everything, [byService]],
    [
      'status and service of some words',
      parseWhere(['contains', 'message', 'LIKE 5']),
      [{ kind: 'field', field: 'status', as: 'status' }, byService],
    ],
    ['nothing', parseWhere(['=', 'level', 'error']), []],
  ] satisfies [string, Expression, GroupKey[]][])('aggregates by %s', async (_, where, groupBy) => {
    const plan: AggregatePlan = {
      tenant: 'acme',
      time: { fromUs: startUs, toUs: startUs + 3000e6 },
      where,
      groupBy,
      aggregates,
      orderBy: [],
      limit: 1000,
    };
    const rounded = (groups: GroupRow[]) => groups.map((row) => ({ ...row, mean: Number(row.mean).toPrecision(10) }));
    const expected = rounded(aggregateRecords(records, plan));
    for (const { name, sources } of pieces) expect(rounded((await aggregate(sources, plan)).rows), name).toEqual(expected);
  });

  test('reads little of what a rare word or an id needs', async () => {
    const time = { fromUs: 0, toUs: 4e15 };
    const ask = (where: unknown) =>
      search(pieces[0]!.sources, { tenant: 'acme', time, where: parseWhere(where), order: 'desc', limit: 100 });
    const [word, id, absent, trace] = [
      await ask(['match', 'message', 'stretch7']),
      await ask(['=', 'id', some.id]),
      await ask(['match', 'message', 'absent']),
      await ask(['=', 'trace_id', some.trace_id]),
    ].map(({ stats }) => stats);
    expect(word!.pages).toBeLessThan(5);
    expect(id!.pages).toBeLessThan(5);
    expect(absent).toMatchObject({ pages: 0, rows: 0, files: 3 });
    expect(absent!.pagesPruned).toBeGreaterThan(8);
    expect(trace!.pages).toBeLessThan(4);
  });

  test('reads only files of the times and tenants asked for', async () => {
    const plan = { where: parseWhere(['and']), order: 'desc' as const, limit: 10 };
    const early = await search(pieces[0]!.sources, { ...plan, tenant: 'acme', time: { fromUs: startUs, toUs: startUs + 600e6 } });
    expect(early.stats).toMatchObject({ files: 3, filesPruned: 2 });
    const other = await search(pieces[0]!.sources, { ...plan, tenant: 'other', time: { fromUs: 0, toUs: 4e15 } });
    expect(other).toMatchObject({ records: [], stats: { files: 3, filesPruned: 3, bytes: 0 } });
  });
});

test('a file without an index of ours is refused', async () => {
  const bytes = Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(100), Buffer.from('PAR1')]);
  expect(() => openPart(objectOf([bytes], false), cache)).toThrow(/no index of ours/);
  await expect(openPart(objectOf([bytes], true), cache)).rejects.toThrow(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }));
});
