import { setTimeout as sleep } from 'node:timers/promises';
import { aggregate, partial } from '../../columnar/aggregate.ts';
import { noReads } from '../../columnar/rows.ts';
import { search } from '../../columnar/search.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { readHot } from '../../core/hot/commit-hot.ts';
import type { HotHead } from '../../core/hot/head.ts';
import type { Log } from '../../core/ports/log.ts';
import { listedPartitions } from '../../core/warm/heads.ts';
import type { PartitionHead } from '../../core/warm/progress.ts';
import { defaultBudget, type QueryBudget, QueryRun } from '../../query/budget.ts';
import { compareSortKeys } from '../../query/compile/scan/visible.ts';
import { mergePartials } from '../../query/partial/partial.ts';
import type {
  AggregatePlan,
  AnswerNotes,
  Groups,
  PlanPositions,
  ReadStats,
  SearchPlan,
  SearchResult,
  Snapshot,
  SortKey,
} from '../../query/plan.ts';
import type { HotStore } from '../../query/ports/hot-store.ts';
import type { Catalogue, ListedFile } from '../catalogue.ts';
import type { StepRunner } from '../run-steps.ts';
import type { SourceFinder } from '../store/sources.ts';
import type { SqlEngine } from '../store/sql-engine.ts';
import { type BothHeads, type Split, snapshotOf, splitOf } from './split.ts';

export type SplitSearchDeps = {
  generation: number;
  runner: StepRunner;
  catalogue: Catalogue;
  /** Opens files; knows of no tables. */
  sources: SourceFinder;
  sql: SqlEngine | undefined;
  hot: HotStore | undefined;
  hotTimeoutMs: number;
  /** The first observed day that the hot store is asked for; '' for all that its heads hold. */
  firstHotDay(): string;
  log: Log;
  /** What one query may take. @default defaultBudget */
  budget?: QueryBudget;
  clock?: Pick<Clock, 'monotonicMs'>;
};

type Plan = { tenant: string; time: SearchPlan['time']; snapshot?: Snapshot; positions?: PlanPositions };
type Asked<T> = { hot: T | undefined; warm: T | undefined; notes: AnswerNotes };

/** One answer over the hot and the warm store, split by position: see `splitOf`. Where one of them holds all that is asked for, it alone is asked. */
export class SplitSearch {
  readonly #deps: SplitSearchDeps;

  constructor(deps: SplitSearchDeps) {
    this.#deps = deps;
  }

  /** Offsets below which records are visible now. */
  async snapshot(): Promise<Snapshot> {
    const hots = await this.#hotHeads();
    return snapshotOf(join(hots, await this.#deps.catalogue.partitions()), this.#deps.generation);
  }

  async search(plan: SearchPlan, signal?: AbortSignal): Promise<SearchResult> {
    const query = this.#run(signal);
    const { hot, warm, notes } = await this.#ask<SearchResult>(plan, query, {
      hot: (store, positions) => store.search(planOf(plan, positions), query),
      warm: (positions, files) => this.#deps.sources.withFiles(files, (refs) => search(refs, planOf(plan, positions), query)),
    });
    const resume = warm?.resume;
    const direction = plan.order === 'desc' ? -1 : 1;
    const isBefore = (record: SortKey) => resume === undefined || compareSortKeys(record, resume) * direction <= 0;
    const found = [...(hot?.records ?? []), ...(warm?.records ?? [])].filter(isBefore);
    const records = found.sort((a, b) => compareSortKeys(a, b) * direction).slice(0, plan.limit);
    const reasons = [...(notes.reasons ?? []), ...(warm?.reasons ?? [])];
    return {
      ...{ records, stats: addStats([hot, warm]) },
      ...notes,
      ...(reasons.length > 0 ? { reasons } : {}),
      ...(resume ? { resume } : {}),
    };
  }

  async aggregate(plan: AggregatePlan, signal?: AbortSignal): Promise<Groups> {
    const query = this.#run(signal);
    const warm = async (part: AggregatePlan, files: ListedFile[]): Promise<Groups> => {
      const groups = await this.#deps.sql?.aggregate(part, query);
      return groups ?? this.#deps.sources.withFiles(files, (refs) => aggregate(refs, part, query));
    };
    let split: Split | undefined;
    const whole = await this.#ask<Groups>(plan, query, {
      hot: (store, positions) => store.aggregate(planOf(plan, positions), query),
      warm: (positions, files) => warm(planOf(plan, positions), files),
      both: (found) => {
        split = found;
      },
    });
    const only = whole.hot ?? whole.warm;
    if (!split) return { ...only!, ...whole.notes };

    const { hot: held, warm: rest, warmFiles } = split;
    try {
      const parts = await Promise.all([
        this.#withHot(query, (store) => store.partial(planOf(plan, held), query)),
        this.#deps.sources.withFiles(warmFiles, (refs) => partial(refs, planOf(plan, rest), query)),
      ]);
      const { rows, truncated, approximate } = mergePartials(plan, parts);
      const [hotPart, warmPart] = parts;
      return {
        ...{ rows, truncated, stats: addStats(parts), stores: { hot: hotPart.stats, warm: warmPart.stats } },
        ...(approximate.length > 0 ? { approximate } : {}),
      };
    } catch (error) {
      if (!(error instanceof HotAway)) throw error;
      return await this.#warmAlone(plan, split, (positions, files) => warm(planOf(plan, positions), files));
    }
  }

  #run(signal: AbortSignal | undefined): QueryRun {
    const { budget = defaultBudget, clock = systemClock } = this.#deps;
    return new QueryRun(budget, () => clock.monotonicMs(), signal);
  }

  /** Asks whom the split names. With `both`, a plan that needs both stores is handed back instead. */
  async #ask<T extends { stats: ReadStats } & AnswerNotes>(
    plan: Plan,
    query: QueryRun,
    how: {
      hot(store: HotStore, positions: PlanPositions): Promise<T>;
      warm(positions: PlanPositions, files: ListedFile[]): Promise<T>;
      both?(split: Split): void;
    },
  ): Promise<Asked<T>> {
    const { split, files } = await this.#split(plan);
    const aloneWarm = async (): Promise<Asked<T>> => {
      const warm = await how.warm(split.all, files);
      return { hot: undefined, warm, notes: { stores: { warm: warm.stats }, ...missing(split) } };
    };
    if (!this.#deps.hot || split.hot.length === 0 || (split.warmHasAll && split.warmFiles.length > 0)) return aloneWarm();
    const needsWarm = split.warmFiles.length > 0;
    if (needsWarm && how.both) {
      how.both(split);
      return { hot: undefined, warm: undefined, notes: {} };
    }
    try {
      const [hot, warm] = await Promise.all([
        this.#withHot(query, (store) => how.hot(store, split.hot)),
        needsWarm ? how.warm(split.warm, split.warmFiles) : undefined,
      ]);
      return { hot, warm, notes: { stores: { hot: hot.stats, ...(warm ? { warm: warm.stats } : {}) } } };
    } catch (error) {
      if (error instanceof HotAway) return aloneWarm();
      throw error;
    }
  }

  async #warmAlone(plan: Plan, split: Split, warm: (positions: PlanPositions, files: ListedFile[]) => Promise<Groups>): Promise<Groups> {
    const { files } = await this.#deps.catalogue.snapshot(plan.tenant, plan.time);
    const found = await warm(split.all, files);
    return { ...found, stores: { warm: found.stats }, ...missing(split) };
  }

  /** The hot heads are read before the warm ones: what leaves the hot store in between is then seen in the warm one. */
  async #split(plan: Plan): Promise<{ split: Split; files: ListedFile[] }> {
    const hots = await this.#hotHeads();
    const { files, partitions } = await this.#deps.catalogue.snapshot(plan.tenant, plan.time);
    return { split: splitOf(join(hots, partitions), files, plan, this.#deps.firstHotDay()), files };
  }

  async #hotHeads(): Promise<HotHead[]> {
    const { hot, runner } = this.#deps;
    if (!hot) return [];
    const listed = await runner.run(listedPartitions('hot'));
    return Promise.all(listed.map(([generation, partition]) => runner.run(readHot(generation, partition))));
  }

  /** Asks the hot store, for so long as it may take. @throws HotAway where it does not answer */
  async #withHot<T>(query: QueryRun, ask: (store: HotStore) => Promise<T>): Promise<T> {
    const { hot, hotTimeoutMs, log } = this.#deps;
    const answered = new AbortController();
    const late = sleep(hotTimeoutMs, undefined, { signal: answered.signal }).then(
      () => Promise.reject(new AppError('STORE_UNAVAILABLE', `the hot store did not answer within ${hotTimeoutMs} ms`)),
      () => new Promise<never>(() => {}),
    );
    try {
      return await Promise.race([ask(hot!), late]);
    } catch (error) {
      if (!(error instanceof AppError) || !error.retryable || query.signal?.aborted) throw error;
      log.warn({ error }, 'the hot store does not answer, the warm one is asked alone');
      throw new HotAway();
    } finally {
      answered.abort();
    }
  }
}

/** The hot store does not answer: never leaves this file. */
class HotAway extends Error {}

const missing = ({ onlyHot }: Split): AnswerNotes =>
  onlyHot > 0 ? { reasons: [`the hot store does not answer, and ${onlyHot} records of all tenants are in no file yet`] } : {};

/** The plan for positions of one store. What of it was a snapshot is in them. */
function planOf<P extends Plan>(plan: P, positions: PlanPositions): P {
  const { snapshot: _, ...rest } = plan;
  return { ...rest, positions } as P;
}

function join(hots: HotHead[], warms: PartitionHead[]): BothHeads[] {
  const heads = new Map<string, BothHeads>();
  const of = ({ generation, partition }: { generation: number; partition: number }): BothHeads => {
    const key = `${generation}/${partition}`;
    const found = heads.get(key) ?? { generation, partition, hot: undefined, warm: undefined };
    heads.set(key, found);
    return found;
  };
  for (const hot of hots) of(hot).hot = hot;
  for (const warm of warms) of(warm).warm = warm;
  return [...heads.values()];
}

function addStats(parts: ({ stats: ReadStats } | undefined)[]): ReadStats {
  const sum = noReads();
  for (const part of parts) for (const key of Object.keys(sum) as (keyof ReadStats)[]) sum[key] += part?.stats[key] ?? 0;
  return sum;
}
