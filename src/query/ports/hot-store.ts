import type { Position, StoredRecord } from '../../core/record.ts';
import type { QueryRun } from '../budget.ts';
import type { PartialGroups } from '../partial/partial.ts';
import type { AggregatePlan, Groups, SearchPlan, SearchResult } from '../plan.ts';

/** What became of one record that was written: stored now, there already at the same position, or there under another position. */
export type WriteResult = { position: Position; result: 'stored' | 'retry' | 'duplicate' | 'dead'; code?: string; detail?: string };

/** The store of the last days: every record searchable as soon as `write` resolves. */
export interface HotStore {
  /** Writes records; the same position twice is a retry, the same id at another position a duplicate. @throws AppError STORE_UNAVAILABLE */
  write(records: StoredRecord[]): Promise<WriteResult[]>;
  search(plan: SearchPlan, query?: QueryRun): Promise<SearchResult>;
  aggregate(plan: AggregatePlan, query?: QueryRun): Promise<Groups>;
  /** What its records say of each group, to be added to what other stores say; the order and the limit of the plan are not looked at. */
  partial(plan: AggregatePlan, query: QueryRun): Promise<PartialGroups>;
  close(): Promise<void>;
}
