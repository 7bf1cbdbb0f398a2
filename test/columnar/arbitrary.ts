import fc from 'fast-check';
import { encodeTable } from '../../src/columnar/encode.ts';
import { mergeParts } from '../../src/columnar/merge.ts';
import type { PageCache } from '../../src/columnar/page-cache.ts';
import { openPart, type Part } from '../../src/columnar/part.ts';
import { run } from '../../src/columnar/steps.ts';
import { Table } from '../../src/columnar/table.ts';
import { idOf } from '../../src/core/ids.ts';
import type { WarmObject } from '../../src/core/ports/warm-store.ts';
import { type AttributeValue, type LogRecord, levels, type Position, type StoredRecord } from '../../src/core/record.ts';
import type { Expression, Scalar } from '../../src/query/ast/expression.ts';

/** Few words and few values, so that conditions are met now and then; odd letters, digits inside words, control characters, long texts. */
const words = [
  'error',
  'Error',
  'timed',
  'out',
  'TIMEOUT',
  'user_42',
  '10.0.0.7',
  'blk_-16',
  'ΟΔΟΣ',
  'οδος',
  'straße',
  '😀',
  '\u212aey',
  'İ',
  'a\nb',
  '"x"',
];
const message = fc
  .array(fc.constantFrom(...words), { maxLength: 6 })
  .chain((parts) => fc.constantFrom(' ', ': ', '', '-').map((between) => parts.join(between)));
const keys = ['status', 'latency_ms', 'path', 'user.id', 'k"ey', '__proto__', 'ok'];
const attributeValue: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.constantFrom<AttributeValue>('ok', 'GET', '/a/b', '/A', '200', '', 'error 7'),
  fc.constantFrom<AttributeValue>(0, 200, 404, 12.5, -1, 1e300),
  fc.boolean(),
);
const attributes = fc
  .array(fc.tuple(fc.constantFrom(...keys), attributeValue), { maxLength: 5 })
  .map((entries): Record<string, AttributeValue> => Object.fromEntries(entries));
const startUs = 1_763_700_000_000_000;
/** In the middle of the records' times. */
export const middleUs = startUs + 10_000_000;
const hex = (digits: number) => fc.constantFrom('a', 'b', 'c').map((digit) => digit.repeat(digits));
const orAbsent = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const logRecord: fc.Arbitrary<LogRecord> = fc.record({
  timestamp: fc.integer({ min: 0, max: 40 }).map((step) => startUs + step * 500_000),
  timestamp_ns: fc.constantFrom(0, 0, 1, 999),
  observed_timestamp: fc.integer({ min: 0, max: 3 }).map((step) => startUs + step),
  level: fc.constantFrom(...levels),
  severity: fc.constantFrom(9, 17),
  service: fc.constantFrom('api', 'auth', 'ünit', 'web'),
  env: orAbsent(fc.constantFrom('prod', 'dev')),
  host: orAbsent(fc.constantFrom('h1', 'h2', 'H1')),
  message: orAbsent(message),
  trace_id: orAbsent(hex(32)),
  span_id: orAbsent(hex(16)),
  client_id: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: hex(32) }),
  attributes,
});

/** Records at distinct positions of three partitions, of two tenants. With `manyKeys`, most attributes find no column of their own. */
export const storedRecords = (maxLength: number): fc.Arbitrary<StoredRecord[]> =>
  fc
    .tuple(
      fc.array(fc.record({ record: logRecord, tenant: fc.constantFrom('acme', 'acme', 'zeta'), partition: fc.nat(2) }), { maxLength }),
      fc.boolean(),
    )
    .map(([items, manyKeys]) =>
      items.map(({ record, tenant, partition }, offset) => {
        const position = { generation: offset % 7 === 3 ? 1 : 0, partition, offset };
        const filler = manyKeys && offset < 6 ? Object.fromEntries(Array.from({ length: 66 }, (_, i) => [`filler${i}`, i])) : {};
        const withFiller = { ...record, attributes: Object.assign(Object.create(null), filler, record.attributes) };
        return stored(tenant, position, withFiller);
      }),
    );

const stored = (tenant: string, position: Position, record: LogRecord): StoredRecord => ({
  ...record,
  attributes: Object.fromEntries(Object.entries(record.attributes)),
  tenant,
  id: record.client_id ?? idOf(position),
  ...position,
});

const scalar: fc.Arbitrary<Scalar> = fc.oneof(
  attributeValue,
  fc.constantFrom<Scalar>(-0, 'api', 'error', 'warn', 'H1', 'timed out', 17, 'ünit', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'),
);
const timeValue = fc.constantFrom<Scalar>(startUs + 5_000_000, new Date(startUs / 1000 + 10_000).toISOString());
const textFields = ['message', 'service', 'level', 'host', 'env', 'trace_id', 'path', 'status', 'attributes.ok', 'k"ey', '__proto__'];
const fields = [...textFields, 'severity', 'latency_ms', 'span_id', 'user.id', 'nothing', 'filler3', 'tenant'];
const field = fc.constantFrom(...fields);
const texts = fc.oneof(
  fc.constantFrom(
    'error',
    'TIMED out',
    'out',
    'imeou',
    '10.0.0',
    'blk_-1',
    'user_42',
    'οδος',
    'STRASSE',
    'straße',
    'key',
    'KEY',
    'i',
    '',
    '...',
    'x',
    'b',
    '200',
    'GET',
  ),
  message,
);
const pattern = fc.constantFrom(
  't[io]m',
  '(?i)TIMEOUT',
  '^error',
  'out$',
  '\\d+\\.\\d+',
  'blk_-?\\d',
  '(user|blk)_',
  'a.b',
  'Key',
  '(?i)key',
  '.',
);
const wild = fc.constantFrom('*', 'error*', '*out', 't?med*', '*blk*16', '/*', '?', '', '*😀*', 'h?');
const id = fc.oneof(
  fc.nat(60).map((offset) => idOf({ generation: 0, partition: offset % 3, offset })),
  hex(32),
  fc.constant('nonsense'),
);
const comparison = fc.constantFrom('=', '!=', '>', '>=', '<', '<=') as fc.Arbitrary<'=' | '!=' | '>' | '>=' | '<' | '<='>;

const anyLeaf: fc.Arbitrary<Expression> = fc.oneof(
  fc.record({ kind: fc.constant('compare' as const), op: comparison, field, value: scalar }),
  fc.record({
    kind: fc.constant('compare' as const),
    op: comparison,
    field: fc.constantFrom('timestamp', 'observed_timestamp'),
    value: timeValue,
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    op: fc.constantFrom('=' as const, '!=' as const),
    field: fc.constant('id'),
    value: id,
  }),
  fc.record({ kind: fc.constant('in' as const), field: fc.constant('id'), values: fc.array(id, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('in' as const), field, values: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('exists' as const), field: fc.constantFrom(...fields, 'id', 'timestamp') }),
  fc.record({
    kind: fc.constantFrom('match' as const, 'phrase' as const, 'contains' as const),
    field: fc.constantFrom('message', ...textFields),
    text: texts,
  }),
  fc.record({ kind: fc.constant('prefix' as const), field: fc.constantFrom('message', ...textFields), text: texts }),
  fc.record({ kind: fc.constant('regex' as const), field: fc.constantFrom('message', ...textFields), text: pattern }),
  fc.record({ kind: fc.constant('wildcard' as const), field: fc.constantFrom('message', ...textFields), text: wild }),
);

const valuesByField: [field: string, values: Scalar[]][] = [
  ['service', ['api', 'auth', 'ünit', 'web']],
  ['level', [...levels]],
  ['host', ['h1', 'h2', 'H1']],
  ['env', ['prod', 'dev']],
  ['trace_id', ['a'.repeat(32), 'b'.repeat(32)]],
  ['status', ['ok', '200', 200, 404, true, 0]],
  ['path', ['GET', '/a/b', 200, false]],
  ['ok', [true, false, 'ok', 12.5]],
  ['filler3', [3, '3']],
];
/** Equalities that some records satisfy. */
const hit: fc.Arbitrary<Expression> = fc
  .constantFrom(...valuesByField)
  .chain(([name, values]) =>
    fc.constantFrom(...values).map((value) => ({ kind: 'compare' as const, op: '=' as const, field: name, value })),
  );
const leaf = fc.oneof(hit, anyLeaf);

/** Expressions of every kind over the fields of {@link storedRecords}. */
export const expression: fc.Arbitrary<Expression> = fc.letrec<{ node: Expression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), items: fc.array(tie('node'), { maxLength: 3 }) }),
    fc.record({ kind: fc.constant('not' as const), item: tie('node') }),
  ),
})).node;

const messageLeaf = fc
  .tuple(fc.constantFrom('match' as const, 'phrase' as const, 'contains' as const, 'prefix' as const), texts)
  .map(([kind, text]): Expression => ({ kind, field: 'message', text }));

/** Conditions on words and parts of words that messages have. */
export const onMessage: fc.Arbitrary<Expression> = fc.oneof(
  messageLeaf,
  fc.record({ kind: fc.constant('regex' as const), field: fc.constant('message'), text: pattern }),
  fc.record({ kind: fc.constant('wildcard' as const), field: fc.constant('message'), text: wild }),
  fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), items: fc.array(messageLeaf, { minLength: 2, maxLength: 3 }) }),
);

/** A range of time that holds some or all of the records. */
export const timeRange = fc.oneof(
  fc.constant({ fromUs: 0, toUs: startUs * 2 }),
  fc
    .tuple(fc.nat(40), fc.nat(40))
    .map(([a, b]) => ({ fromUs: startUs + Math.min(a, b) * 500_000, toUs: startUs + Math.max(a, b) * 500_000 })),
);

/** An object in memory; a slow one answers with promises. */
export function objectOf(bytes: Uint8Array[], isSlow: boolean): WarmObject {
  const whole = Buffer.concat(bytes);
  const read = (from: number, length: number): Uint8Array => whole.subarray(from, from + length);
  return {
    size: whole.length,
    read: isSlow ? async (from, length) => read(from, length) : read,
    close: () => {},
  };
}

export function tableOf(records: StoredRecord[]): Table {
  const table = new Table();
  for (const record of records) table.add(record.tenant, record, record);
  return table;
}

export function partOf(records: StoredRecord[], cache: PageCache, isSlow = false): Part | Promise<Part> {
  const steps = encodeTable(tableOf(records));
  let step = steps.next();
  while (!step.done) step = steps.next();
  return openPart(objectOf(step.value.bytes, isSlow), cache);
}

/** A file as compaction writes it, of two that were sealed. */
async function mergedPartsOf(records: StoredRecord[], cache: PageCache): Promise<Part[]> {
  const halves = [records.filter((_, i) => i % 2 === 0), records.filter((_, i) => i % 2 === 1)].filter((half) => half.length > 0);
  const parts = await Promise.all(halves.map((half) => partOf(half, cache)));
  const { files } = await run(mergeParts(parts.map((source) => ({ source }))));
  for (const part of parts) part.close();
  return await Promise.all(files.map(({ part }) => openPart(objectOf(part.bytes, false), cache)));
}

/** Deals records out to tables and files, as hot and warm hold them. What has a client's id is not merged: of equal ones a merge keeps one. */
export async function sourcesOf(records: StoredRecord[], deal: number[], cache: PageCache): Promise<(Table | Part)[]> {
  const piles = new Map<number, StoredRecord[]>();
  records.forEach((record, i) => {
    const dealt = deal[i % Math.max(1, deal.length)] ?? 0;
    const pile = dealt % 4 === 3 && record.client_id !== undefined ? 0 : dealt;
    piles.set(pile, [...(piles.get(pile) ?? []), record]);
  });
  const sources = [...piles].map(([pile, held]) => {
    if (pile % 4 === 3) return mergedPartsOf(held, cache);
    return pile % 4 === 0 ? [tableOf(held)] : [partOf(held, cache, pile % 4 === 2)];
  });
  return await Promise.all((await Promise.all(sources)).flat());
}
