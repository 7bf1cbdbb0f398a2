import { AppError } from '../core/errors.ts';
import type { ValueRoom } from './partial/values.ts';
import type { ReadStats } from './plan.ts';

/** What one query may take: time, bytes read from files, groups, and memory for groups and values. */
export type QueryBudget = { timeoutMs: number; scanBytes: number; groups: number; memoryBytes: number };

export const defaultBudget: QueryBudget = { timeoutMs: 30_000, scanBytes: 64 * 2 ** 30, groups: 1_000_000, memoryBytes: 256 * 2 ** 20 };

/** About what a group takes beside its values. */
const groupBytes = 256;

/** Thrown where a query that is under way has used up its time or its bytes. What was found until then may stand. */
export class BudgetSpent extends AppError {}

/** One query while it runs: what it may still take, and whether anybody still waits for it. */
export class QueryRun {
  /** For values that percentiles and distinct counts keep one by one. */
  readonly room: ValueRoom;
  readonly maxGroups: number;
  readonly signal: AbortSignal | undefined;
  readonly #budget: QueryBudget;
  readonly #nowMs: () => number;
  readonly #endMs: number;

  /** `nowMs` must not go back. */
  constructor(budget: QueryBudget, nowMs: () => number, signal?: AbortSignal) {
    this.#budget = budget;
    this.#nowMs = nowMs;
    this.#endMs = nowMs() + budget.timeoutMs;
    this.signal = signal;
    this.room = { leftBytes: budget.memoryBytes };
    this.maxGroups = Math.max(1, Math.min(budget.groups, Math.floor(budget.memoryBytes / groupBytes)));
  }

  get leftMs(): number {
    return Math.max(0, this.#endMs - this.#nowMs());
  }

  /**
   * To be called between two steps of work.
   * @throws BudgetSpent QUERY_TIMEOUT, QUERY_TOO_LARGE
   * @throws AppError QUERY_CANCELLED
   */
  check({ bytes }: Pick<ReadStats, 'bytes'>): void {
    if (this.signal?.aborted) throw cancelled();
    const { scanBytes, timeoutMs } = this.#budget;
    if (bytes > scanBytes) {
      throw new BudgetSpent(
        'QUERY_TOO_LARGE',
        `the query read more than the ${sizeText(scanBytes)} it may (query.scanBytes); ask for less time, or narrow the condition`,
      );
    }
    if (this.#nowMs() > this.#endMs)
      throw new BudgetSpent(
        'QUERY_TIMEOUT',
        `the query took longer than the ${timeoutMs / 1_000} s it may (query.timeout); ask for less time or fewer groups`,
      );
  }

  tooManyGroups(): AppError {
    const what = `the answer has more than ${this.maxGroups} groups, which is what a query may have (query.groups, query.memoryBytes)`;
    return new AppError('QUERY_TOO_LARGE', `${what}; group by fewer fields, or narrow the time`);
  }
}

export const cancelled = (): AppError => new AppError('QUERY_CANCELLED', 'nobody waits for the query any longer');

/** A run without bounds but those of the defaults, for what no person asked. */
export const unboundedRun = (): QueryRun => new QueryRun({ ...defaultBudget, timeoutMs: Number.MAX_SAFE_INTEGER }, () => 0);

function sizeText(bytes: number): string {
  const unit = bytes >= 2 ** 30 ? 2 ** 30 : bytes >= 2 ** 20 ? 2 ** 20 : 1;
  return `${Math.round((bytes / unit) * 10) / 10} ${unit === 1 ? 'bytes' : unit === 2 ** 30 ? 'GiB' : 'MiB'}`;
}
