import type { PlainError } from '../../core/errors.ts';
import type { Hole, PartitionEnd } from '../../core/ports/queue.ts';
import type { HostSettings } from './settings.ts';

/** What the store thread starts with. */
export type StoreThreadData = {
  settings: HostSettings;
  generation: number;
  ends: PartitionEnd[];
  holes: Hole[];
  /** Folder of compiled modules, shared with the front. */
  compileCache: string | undefined;
  /** Whether the thread writes profiles of its whole life. */
  profile: boolean;
};

/** From the front: how far partitions are durable now, or that the thread is to end (`commit`: after what is in memory is committed). */
export type ToStore = { ends: { partition: number; end: number }[] } | { stop: { commit: boolean } };

/** From the store: all below `offset` is closed durably; or that it has stopped; or that it is ready. */
export type FromStore = { released: { partition: number; offset: number } } | { stopped: true } | { ready: true } | { failed: PlainError };
