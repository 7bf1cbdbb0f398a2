import { nearest } from '../../core/nearest.ts';
import type { GroupKey } from '../plan.ts';
import { isZone } from '../zone.ts';
import { everything } from './expression.ts';
import { didYouMean, isOneOf, type Json, parseField, parseWhere, printWhere, refuse } from './json.ts';
import { isAggregate, maxLimit, type Query, type QuerySource, querySources, type TimeSpan, type Top } from './query.ts';
import { durationLiteral, durationText, timeLiteral, timeText } from './time.ts';
import { fieldsOf } from './visit.ts';

const queryKeys = ['from', 'time', 'where', 'select', 'group_by', 'aggregate', 'having', 'order_by', 'top', 'limit', 'cursor'] as const;
const ofRecords = ['count', 'rate'] as const;
const ofField = ['sum', 'avg', 'min', 'max', 'distinct'] as const;
/** The functions that compute a value of a group. */
export const functions = [...ofRecords, ...ofField, 'percentile'] as const;
type QueryAggregate = Query['aggregates'][number];

/**
 * Reads a whole query in its JSON spelling; what is absent is what the query language says.
 * @throws AppError INVALID_QUERY that names the place
 */
export function parseQuery(json: unknown): Query {
  const given = objectOf(json, 'query', queryKeys);
  const groupBy = listOf(given.group_by, 'group_by').map((key, i) => parseKey(key, `group_by[${i}]`));
  const aggregates = Object.entries(objectOf(given.aggregate ?? {}, 'aggregate')).map(([as, value]) => parseAggregate(as, value));
  const query: Query = {
    from: parseSource(given.from),
    time: given.time === undefined ? undefined : parseTime(given.time),
    where: given.where === undefined ? everything : parseWhere(given.where),
    select: given.select === undefined ? undefined : listOf(given.select, 'select').map((name, i) => parseField(name, `select[${i}]`)),
    groupBy,
    aggregates,
    having: given.having === undefined ? undefined : parseWhere(given.having, 'having'),
    orderBy: listOf(given.order_by, 'order_by').map((order, i) => parseOrder(order, `order_by[${i}]`)),
    ...(given.top === undefined ? {} : { top: parseTop(given.top) }),
    limit: parseLimit(given.limit),
    cursor: parseCursor(given.cursor),
  };
  checkNames(query, refuse);
  return query;
}

function parseSource(json: unknown): QuerySource {
  if (json === undefined) return 'logs';
  return isOneOf(querySources, json)
    ? json
    : refuse('from', `${JSON.stringify(json)} cannot be queried; ${didYouMean(String(json), querySources)}`);
}

function parseTop(json: unknown): Top {
  const { n, by } = objectOf(json, 'top', ['n', 'by']);
  if (!isLimit(n)) refuse('top.n', `${JSON.stringify(n)} is not from 1 to ${maxLimit}`);
  return { n, by: listOf(by, 'top.by').map((name, i) => parseField(name, `top.by[${i}]`)) };
}

function parseTime(json: unknown): TimeSpan {
  const { last, from, to } = objectOf(json, 'time', ['last', 'from', 'to']);
  if (last !== undefined) {
    if (from !== undefined || to !== undefined) refuse('time', 'give either "last" or "from" and "to"');
    const lastUs = typeof last === 'string' ? durationLiteral(last) : undefined;
    return { lastUs: lastUs ?? refuse('time.last', `${JSON.stringify(last)} is no length of time; give one like "15m" or "24h"`) };
  }
  return {
    fromUs: from === undefined ? undefined : parseInstant(from, 'time.from'),
    toUs: to === undefined ? undefined : parseInstant(to, 'time.to'),
  };
}

function parseInstant(json: unknown, path: string): number {
  const us = typeof json === 'string' ? timeLiteral(json) : Number.isFinite(json) ? (json as number) : undefined;
  return us ?? refuse(path, `${JSON.stringify(json)} is not a time; give RFC 3339 or epoch microseconds`);
}

function parseKey(json: unknown, path: string): GroupKey {
  if (typeof json === 'string') return { kind: 'field', field: parseField(json, path), as: json };
  const [name, field, step, zone, ...rest] = listOf(json, path);
  const stepUs = typeof step === 'string' ? durationLiteral(step) : undefined;
  if (name !== 'bucket' || field !== 'timestamp' || rest.length > 0) refuse(path, `a key is a field or ${bucketForm}`);
  if (stepUs === undefined) refuse(`${path}[2]`, `${JSON.stringify(step)} is no length of time; give one like "5m" or "1d"`);
  if (zone === undefined) return { kind: 'bucket', stepUs, as: 'bucket' };
  if (typeof zone !== 'string' || !isZone(zone)) refuse(`${path}[3]`, zoneProblem(zone));
  return { kind: 'bucket', stepUs, as: 'bucket', zone };
}

const bucketForm = '["bucket", "timestamp", "5m"], with a time zone behind it where days are meant as people see them';

/** Why a text is no time zone, with the nearest that is. */
export const zoneProblem = (zone: unknown): string => {
  const near = nearest(String(zone), Intl.supportedValuesOf('timeZone'));
  return `${JSON.stringify(zone)} is no time zone; ${near ? `did you mean ${JSON.stringify(near)}?` : 'give one like "Europe/Berlin" or "+02:00"'}`;
};

function parseAggregate(as: string, json: unknown): QueryAggregate {
  const path = `aggregate.${as}`;
  const [fn, ...rest] = listOf(json, path);
  if (!isOneOf(functions, fn)) refuse(`${path}[0]`, `${JSON.stringify(fn)} is no function; ${didYouMean(String(fn), functions)}`);
  const needed = isOneOf(ofRecords, fn) ? 0 : fn === 'percentile' ? 2 : 1;
  if (rest.length !== needed) refuse(path, `"${fn}" takes ${['nothing else', 'a field', 'a field and a number from 0 to 100'][needed]}`);
  if (isOneOf(ofRecords, fn)) return { fn, as };
  const field = parseField(rest[0], `${path}[1]`);
  if (fn !== 'percentile') return { fn, field, as };
  const percent = rest[1];
  if (typeof percent !== 'number' || !(percent >= 0 && percent <= 100)) refuse(`${path}[2]`, 'a percentile is a number from 0 to 100');
  return { fn, field, percent, as };
}

function parseOrder(json: unknown, path: string): [string, 'asc' | 'desc'] {
  const [name, direction = 'asc'] = typeof json === 'string' ? [json] : listOf(json, path);
  if (typeof name !== 'string' || (direction !== 'asc' && direction !== 'desc'))
    refuse(path, 'an order is a name and "asc" or "desc", like ["n", "desc"]');
  return [name, direction];
}

function parseLimit(json: unknown): number | undefined {
  if (json === undefined || json === null) return undefined;
  return isLimit(json) ? json : refuse('limit', `${JSON.stringify(json)} is not from 1 to ${maxLimit}`);
}

const isLimit = (json: unknown): json is number => Number.isInteger(json) && (json as number) >= 1 && (json as number) <= maxLimit;

function parseCursor(json: unknown): string | undefined {
  if (json === undefined || json === null) return undefined;
  return typeof json === 'string' ? json : refuse('cursor', 'give the text of "next_cursor" as it came');
}

/**
 * Sees to it that a query names only what its answer has: groups are ordered and kept by their keys and values, records ordered by time.
 * `fail` is told the place as the JSON spelling has it, and must throw.
 */
export function checkNames(query: Query, fail: (path: string, problem: string) => never): void {
  const { groupBy, aggregates, having, orderBy, top } = query;
  const names = [...groupBy, ...aggregates].map(({ as }) => as);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) fail('aggregate', `${JSON.stringify(twice)} names two results; rename one`);
  if (having && !isAggregate(query)) fail('having', 'it keeps groups, and there are none; put the condition among the others');
  const stranger = having && fieldsOf(having).find((name) => !names.includes(name));
  if (stranger !== undefined) fail('having', `${JSON.stringify(stranger)} is not in the answer; ${didYouMean(stranger, names)}`);
  const keys = groupBy.map(({ as }) => as);
  if (top && !isAggregate(query)) fail('top', 'it keeps groups, and there are none; records have "limit"');
  if (top && top.by.length === 0) fail('top', 'say of what: the names of one key or more');
  const unknownKey = top?.by.find((name) => !keys.includes(name));
  if (unknownKey !== undefined) fail('top', `${JSON.stringify(unknownKey)} is no key of the groups; ${didYouMean(unknownKey, keys)}`);
  const known = isAggregate(query) ? names : ['timestamp'];
  orderBy.forEach(([name], i) => {
    if (!known.includes(name)) fail(`order_by[${i}]`, `${JSON.stringify(name)} is not in the answer; ${didYouMean(name, known)}`);
  });
}

function objectOf(json: unknown, path: string, keys?: readonly string[]): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) refuse(path, 'an object is needed here');
  const unknown = keys && Object.keys(json).find((key) => !keys.includes(key));
  if (unknown !== undefined) refuse(path, `${JSON.stringify(unknown)} is not known; ${didYouMean(unknown, keys!)}`);
  return json as Record<string, unknown>;
}

function listOf(json: unknown, path: string): unknown[] {
  if (json === undefined) return [];
  return Array.isArray(json) ? json : refuse(path, 'a list is needed here');
}

/** Writes a query in its JSON spelling, which `parseQuery` reads back as it was; what is absent is left out. */
export function printQuery(query: Query): Json {
  const { time, where, select, groupBy, aggregates, having, orderBy, top, limit, cursor } = query;
  return {
    from: query.from,
    ...(time ? { time: printTime(time) } : {}),
    where: printWhere(where),
    ...(select ? { select } : {}),
    ...(groupBy.length > 0 ? { group_by: groupBy.map(printKey) } : {}),
    ...(aggregates.length > 0
      ? { aggregate: Object.fromEntries(aggregates.map((aggregate) => [aggregate.as, printAggregate(aggregate)])) }
      : {}),
    ...(having ? { having: printWhere(having) } : {}),
    ...(orderBy.length > 0 ? { order_by: orderBy } : {}),
    ...(top ? { top } : {}),
    ...(limit === undefined ? {} : { limit }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

function printTime(time: TimeSpan): Json {
  if ('lastUs' in time) return { last: durationText(time.lastUs) };
  const { fromUs, toUs } = time;
  return { ...(fromUs === undefined ? {} : { from: timeText(fromUs) }), ...(toUs === undefined ? {} : { to: timeText(toUs) }) };
}

const printKey = (key: GroupKey): Json =>
  key.kind === 'field' ? key.field : ['bucket', 'timestamp', durationText(key.stepUs), ...(key.zone === undefined ? [] : [key.zone])];

function printAggregate(aggregate: QueryAggregate): Json {
  if (aggregate.fn === 'count' || aggregate.fn === 'rate') return [aggregate.fn];
  return aggregate.fn === 'percentile' ? ['percentile', aggregate.field, aggregate.percent] : [aggregate.fn, aggregate.field];
}
