import type { Clock } from '../../../core/clock.ts';
import { systemClock } from '../../../core/clock.ts';
import type { ClientOptions } from './client.ts';
import type { IndexOptions } from './index-body.ts';
import type { CellOptions } from './index-name.ts';
import type { RetryOptions } from './retries.ts';

export type OpenSearchOptions = ClientOptions &
  Partial<CellOptions> &
  Partial<IndexOptions> & {
    retry?: Partial<RetryOptions>;
    /**
     * How a write makes its records searchable: `wait` for the node's next refresh (at most `refreshInterval`), or refresh `now`, which a busy node
     * pays for with many small segments.
     */
    refresh?: 'wait' | 'now';
    /** Records of one bulk request, and its bytes, at most. */
    bulkRecords?: number;
    bulkBytes?: number;
    /** Bulk requests of one write at once. */
    parallelBulks?: number;
    /** The most records that one query looks at itself, where the index cannot decide. */
    maxVerified?: number;
    /** The most groups that one query may have. */
    maxGroups?: number;
    /** The most pairs of group and value that are counted one by one; beyond, percentiles and distinct values are approximate. */
    maxValues?: number;
    clock?: Clock;
  };

const defaults = {
  prefix: '',
  cells: 8,
  ownCells: [] as readonly string[],
  shards: 1,
  replicas: 1,
  maxFields: 1_000,
  refreshInterval: '1s',
  refresh: 'wait' as const,
  bulkRecords: 2_000,
  bulkBytes: 4 * 2 ** 20,
  parallelBulks: 3,
  maxVerified: 50_000,
  maxGroups: 100_000,
  maxValues: 50_000,
  clock: systemClock,
};

/** Options with their defaults. */
export const settled = (options: OpenSearchOptions) => ({
  ...defaults,
  ...options,
  retry: { budgetMs: 20_000, firstMs: 100, maxMs: 5_000, ...options.retry },
});

export type Settled = ReturnType<typeof settled>;
