import type { Clock } from '../../core/clock.ts';
import type { DeadLetters } from '../../core/ports/dead-letters.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Hole, PartitionRange } from '../../core/ports/queue.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { WarmStore } from '../../core/ports/warm-store.ts';
import type { WindowSettings } from '../../core/windows/window.ts';
import type { QueryBudget } from '../../query/budget.ts';
import type { HotStore } from '../../query/ports/hot-store.ts';
import type { WarmQuery } from '../../query/ports/warm-query.ts';
import type { Processing } from '../deliver/types.ts';
import type { Maintenance } from '../maintain.ts';
import type { StepRunner } from '../run-steps.ts';
import type { StoreApi } from '../store-api.ts';

/** What the two-sink store is made from: ports, and nothing that remembers records. */
export type CloudStoreDeps = {
  generation: number;
  partitions: number;
  state: StateStore;
  runner: StepRunner;
  warm: WarmStore;
  /** Undefined where the stage has no hot store: warm then answers everything. */
  hot: HotStore | undefined;
  deadLetters: DeadLetters;
  processing: Processing;
  /** The log as it stands: `Queue.ranges` and `Queue.holes`. */
  queue: { ranges(): Promise<PartitionRange[]>; holes(): Promise<Hole[]> };
  /** Aggregates in SQL over warm files; our own reader does what it can without. */
  warmQuery?: WarmQuery;
  /** Bytes of files above which `warmQuery` is asked for every aggregate. */
  largeScanBytes?: number;
  /** Passes over committed files, where this process may run them. */
  maintenance: Pick<Maintenance, 'analytics' | 'storage' | 'compact' | 'derived'>;
  clock: Clock;
  log: Log;
  cacheBytes?: number;
  /** What one query may take. */
  budget?: QueryBudget;
  maxOpenParts?: number;
  /** How windows are made, and whether a sink of their own keeps them; else they are asked of the stores, and so is what is older than that sink keeps. */
  windows?: WindowSettings & { kept: boolean };
  /** How long the hot store may take before warm answers alone. */
  hotTimeoutMs?: number;
  /**
   * How many whole observed days before today the hot store keeps. To be given where anything but `createHotRetention` deletes its days: what is older is
   * then never asked of it, whatever the heads still hold.
   */
  hotDays?: number;
};

/** Makes the StoreApi over both stores: `createCloudStore` in `cloud-store.ts`. */
export type CreateCloudStore = (deps: CloudStoreDeps) => StoreApi;
