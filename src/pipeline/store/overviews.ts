import { AppError } from '../../core/errors.ts';
import { isClientId, positionOf } from '../../core/ids.ts';
import type { StoredRecord } from '../../core/record.ts';
import { type Expression, everything } from '../../query/ast/expression.ts';
import type { AggregatePlan, Groups, SearchPlan, SearchResult, TimeRange } from '../../query/plan.ts';
import type { FieldSummary, ServiceSummary } from '../store-api.ts';

/** Whatever answers plans: one store, or several as one. */
export type Answering = { search(plan: SearchPlan): Promise<SearchResult>; aggregate(plan: AggregatePlan): Promise<Groups> };

/** All of time, epoch microseconds. */
export const always: TimeRange = { fromUs: Number.MIN_SAFE_INTEGER, toUs: Number.MAX_SAFE_INTEGER };

const topValues = 10;

/** One record by its id, a position or a client's own. @throws AppError INVALID_PARAMETER where the id is neither */
export async function recordById(store: Answering, tenant: string, id: string): Promise<StoredRecord | undefined> {
  const position = positionOf(id);
  if (!position && !isClientId(id)) throw new AppError('INVALID_PARAMETER', `id: "${id.slice(0, 64)}" is not a record's id`);
  const where: Expression = { kind: 'compare', op: '=', field: 'id', value: id };
  const base: SearchPlan = { tenant, time: always, where, order: 'desc', limit: 1 };
  if (!position) return (await store.search(base)).records[0];
  const { generation, partition, offset } = position;
  const positions = [{ generation, partition, offsets: [[offset, offset + 1]] as const }];
  return (await store.search({ ...base, where: everything, positions })).records[0];
}

/** The services of a range of event time, those with most records first. */
export async function servicesOf(store: Answering, tenant: string, fromUs: number, toUs: number): Promise<ServiceSummary[]> {
  const { rows } = await store.aggregate({
    tenant,
    time: { fromUs, toUs },
    where: everything,
    groupBy: [
      { kind: 'field', field: 'service', as: 'service' },
      { kind: 'field', field: 'level', as: 'level' },
    ],
    aggregates: [
      { fn: 'count', as: 'n' },
      { fn: 'min', field: 'timestamp', as: 'first' },
      { fn: 'max', field: 'timestamp', as: 'last' },
    ],
    orderBy: [],
    limit: 100_000,
  });
  const services = new Map<string, ServiceSummary>();
  for (const row of rows) {
    const [name, level, n, first, last] = [String(row.service), String(row.level), Number(row.n), Number(row.first), Number(row.last)];
    const service = services.get(name) ?? { name, first_seen: first, last_seen: last, count: 0, levels: {}, error_rate: 0 };
    service.first_seen = Math.min(service.first_seen, first);
    service.last_seen = Math.max(service.last_seen, last);
    service.count += n;
    service.levels[level] = n;
    services.set(name, service);
  }
  for (const service of services.values()) service.error_rate = ((service.levels.error ?? 0) + (service.levels.fatal ?? 0)) / service.count;
  return [...services.values()].sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

/** The fields and types seen in the newest records of the range, with the values that are most frequent there. */
export async function fieldsOf(store: Answering, tenant: string, fromUs: number, toUs: number): Promise<FieldSummary[]> {
  const plan: SearchPlan = { tenant, time: { fromUs, toUs }, where: everything, order: 'desc', limit: sampledRecords };
  const { records } = await store.search(plan);
  return summariseFields(records);
}

/** How many of the newest records a field summary looks at. */
const sampledRecords = 5_000;
const sampledNames = ['level', 'service', 'env', 'host', 'trace_id', 'span_id'] as const;

function summariseFields(records: StoredRecord[]): FieldSummary[] {
  const seen = new Map<string, { types: Set<string>; count: number; values: Map<string | number | boolean, number> }>();
  const see = (name: string, value: string | number | boolean) => {
    const field = seen.get(name) ?? { types: new Set(), count: 0, values: new Map() };
    seen.set(name, field);
    field.types.add(typeof value);
    field.count++;
    field.values.set(value, (field.values.get(value) ?? 0) + 1);
  };
  for (const record of records) {
    for (const name of sampledNames) if (record[name] !== undefined) see(name, record[name]);
    for (const [key, value] of Object.entries(record.attributes)) see(`attributes.${key}`, value);
  }
  return [...seen]
    .map(([name, { types, count, values }]) => ({
      name,
      types: [...types].sort(),
      count,
      top: [...values]
        .sort((a, b) => b[1] - a[1])
        .slice(0, topValues)
        .map(([value, n]) => ({ value, count: n })),
    }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}
