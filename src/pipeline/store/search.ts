import { aggregate } from '../../columnar/aggregate.ts';
import { heldIds } from '../../columnar/held-ids.ts';
import type { Part } from '../../columnar/part.ts';
import { type SourceRef, search } from '../../columnar/search.ts';
import { AppError } from '../../core/errors.ts';
import { isClientId, positionOf } from '../../core/ids.ts';
import type { StoredRecord } from '../../core/record.ts';
import { type Expression, everything } from '../../query/ast/expression.ts';
import type { AggregatePlan, Groups, SearchPlan, SearchResult, TimeRange } from '../../query/plan.ts';
import type { FieldSummary, ServiceSummary } from '../store-api.ts';
import type { SourceFinder, Sources } from './sources.ts';
import type { SqlEngine } from './sql-engine.ts';

/** All of time, epoch microseconds. */
export const always: TimeRange = { fromUs: Number.MIN_SAFE_INTEGER, toUs: Number.MAX_SAFE_INTEGER };

const topValues = 10;

/**
 * One answer over the tables in memory and the committed files. Lists, lookups and what our reader aggregates stay here; other aggregates go to
 * the SQL engine.
 */
export class StoreSearch {
  readonly #sources: SourceFinder;
  readonly #sql: SqlEngine | undefined;

  constructor(sources: SourceFinder, sql: SqlEngine | undefined) {
    this.#sources = sources;
    this.#sql = sql;
  }

  async search(plan: SearchPlan): Promise<SearchResult> {
    return this.#over(plan.tenant, plan.time, (refs, snapshot) => search(refs, { ...plan, snapshot: plan.snapshot ?? snapshot }));
  }

  async aggregate(plan: AggregatePlan): Promise<Groups> {
    const groups = await this.#sql?.aggregate(plan);
    if (groups) return groups;
    return this.#over(plan.tenant, plan.time, (refs, snapshot) => aggregate(refs, { ...plan, snapshot: plan.snapshot ?? snapshot }));
  }

  /** One record by its id, a position or a client's own. @throws AppError INVALID_PARAMETER where the id is neither */
  async record(tenant: string, id: string): Promise<StoredRecord | undefined> {
    const position = positionOf(id);
    if (!position && !isClientId(id)) throw new AppError('INVALID_PARAMETER', `id: "${id.slice(0, 64)}" is not a record's id`);
    const where: Expression = { kind: 'compare', op: '=', field: 'id', value: id };
    const base: SearchPlan = { tenant, time: always, where, order: 'desc', limit: 1 };
    if (!position) return (await this.search(base)).records[0];
    const { partition, offset } = position;
    const { records } = await this.search({ ...base, where: everything, positions: [{ partition, offsets: [[offset, offset + 1]] }] });
    return records.find((record) => record.generation === position.generation);
  }

  /** Which of the ids that clients gave are in committed files. */
  async committedIds(tenant: string, ids: string[]): Promise<Set<string>> {
    const { files } = await this.#sources.find(tenant, always);
    if (files.length === 0) return new Set();
    return this.#sources.withFiles(files, (refs) =>
      heldIds(
        refs.map(({ source }) => source as Part),
        ids,
      ),
    );
  }

  async services(tenant: string, fromUs: number, toUs: number): Promise<ServiceSummary[]> {
    const { rows } = await this.aggregate({
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
    for (const service of services.values())
      service.error_rate = ((service.levels.error ?? 0) + (service.levels.fatal ?? 0)) / service.count;
    return [...services.values()].sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  }

  /** The fields and types seen in the newest records of the range, with the values that are most frequent there. */
  async fields(tenant: string, fromUs: number, toUs: number): Promise<FieldSummary[]> {
    const plan: SearchPlan = { tenant, time: { fromUs, toUs }, where: everything, order: 'desc', limit: sampledRecords };
    const { records } = await this.search(plan);
    return summariseFields(records);
  }

  async #over<T>(tenant: string, time: TimeRange, run: (refs: SourceRef[], snapshot: Sources['snapshot']) => Promise<T>): Promise<T> {
    const { tables, files, snapshot } = await this.#sources.find(tenant, time);
    return this.#sources.withFiles(files, (refs) => run([...tables, ...refs], snapshot));
  }
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
