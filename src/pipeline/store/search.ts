import { aggregate } from '../../columnar/aggregate.ts';
import { heldIds } from '../../columnar/held-ids.ts';
import type { Part } from '../../columnar/part.ts';
import { type SourceRef, search } from '../../columnar/search.ts';
import type { Pace } from '../../columnar/steps.ts';
import { readWindows, type WindowScan } from '../../columnar/windows.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { StoredRecord } from '../../core/record.ts';
import type { Window } from '../../core/windows/window.ts';
import { defaultBudget, type QueryBudget, QueryRun } from '../../query/budget.ts';
import type { AggregatePlan, Groups, SearchPlan, SeenResult, Snapshot, TimeRange } from '../../query/plan.ts';
import type { FieldSummary, ServiceSummary } from '../store-api.ts';
import { Foreground } from './foreground.ts';
import { always, fieldsOf, recordById, servicesOf } from './overviews.ts';
import type { SourceFinder } from './sources.ts';
import type { SqlEngine } from './sql-engine.ts';

export { always };

/**
 * One answer over the tables in memory and the committed files. Lists, lookups and what our reader aggregates stay here; other aggregates go to
 * the SQL engine.
 */
export class StoreSearch {
  /** Searches and aggregates run in it: for whoever gives way to them. */
  readonly foreground = new Foreground();
  readonly #sources: SourceFinder;
  readonly #sql: SqlEngine | undefined;

  readonly #budget: QueryBudget;
  readonly #clock: Pick<Clock, 'monotonicMs'>;

  constructor(
    sources: SourceFinder,
    sql: SqlEngine | undefined,
    budget: QueryBudget = defaultBudget,
    clock: Pick<Clock, 'monotonicMs'> = systemClock,
  ) {
    this.#sources = sources;
    this.#sql = sql;
    this.#budget = budget;
    this.#clock = clock;
  }

  async search(plan: SearchPlan, signal?: AbortSignal): Promise<SeenResult> {
    const query = this.#run(signal);
    return this.foreground.run(() =>
      this.#over(plan.tenant, plan.time, async (refs, limits) => {
        const seen = { ...limits, ...plan };
        return { ...(await search(refs, seen, query)), snapshot: seen.snapshot ?? {} };
      }),
    );
  }

  aggregate(plan: AggregatePlan, signal?: AbortSignal): Promise<Groups> {
    return this.foreground.run(() => this.#aggregate(plan, this.#run(signal)));
  }

  /** The same for what nobody waits for: it gives way to whoever asks. */
  aggregateBehind(plan: AggregatePlan): Promise<Groups> {
    return this.#aggregate(plan, this.#run(undefined), this.foreground.background);
  }

  /** The windows of a tenant, from its rows: a position is counted once, as in every answer. */
  windows(scan: WindowScan): Promise<Window[]> {
    return this.#over(scan.tenant, scan.time, (refs, snapshot) => readWindows(refs, { ...snapshot, ...scan }));
  }

  /** One record by its id, a position or a client's own. @throws AppError INVALID_PARAMETER where the id is neither */
  record(tenant: string, id: string): Promise<StoredRecord | undefined> {
    return recordById(this, tenant, id);
  }

  /** Which of the ids that clients gave are in committed files: in all, or in those with records observed since a time (epoch microseconds). */
  async committedIds(tenant: string, ids: string[], observedSinceUs = Number.NEGATIVE_INFINITY): Promise<Set<string>> {
    const files = (await this.#sources.find(tenant, always)).files.filter(({ info }) => info.maxObserved >= observedSinceUs);
    if (files.length === 0) return new Set();
    return this.#sources.withFiles(files, (refs) =>
      heldIds(
        refs.map(({ source }) => source as Part),
        ids,
      ),
    );
  }

  services(tenant: string, fromUs: number, toUs: number): Promise<ServiceSummary[]> {
    return servicesOf(this, tenant, fromUs, toUs);
  }

  /** The fields and types seen in the newest records of the range, with the values that are most frequent there. */
  fields(tenant: string, fromUs: number, toUs: number): Promise<FieldSummary[]> {
    return fieldsOf(this, tenant, fromUs, toUs);
  }

  #run = (signal: AbortSignal | undefined): QueryRun => new QueryRun(this.#budget, () => this.#clock.monotonicMs(), signal);

  async #aggregate(plan: AggregatePlan, query: QueryRun, pace?: Pace): Promise<Groups> {
    const groups = await this.#sql?.aggregate(plan, query);
    if (groups) return groups;
    return this.#over(plan.tenant, plan.time, (refs, snapshot) => aggregate(refs, { ...snapshot, ...plan }, query, pace));
  }

  async #over<T>(tenant: string, time: TimeRange, run: (refs: SourceRef[], limits: { snapshot?: Snapshot }) => Promise<T>): Promise<T> {
    const { tables, files, snapshot } = await this.#sources.find(tenant, time);
    return this.#sources.withFiles(files, (refs) => run([...tables, ...refs], snapshot ? { snapshot } : {}));
  }
}
