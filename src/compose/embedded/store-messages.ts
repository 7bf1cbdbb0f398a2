import type { PlainError } from '../../core/errors.ts';
import type { Hole, PartitionEnd } from '../../core/ports/queue.ts';
import type { Signal } from '../../core/signal.ts';
import type { HostSettings } from './settings.ts';

/** What the stores of one signal start with. */
export type StoreData = {
  /** @default 'logs' */
  signal?: Signal;
  /** As they are for this signal. */
  settings: HostSettings;
  generation: number;
  ends: PartitionEnd[];
  holes: Hole[];
};

/** What the store thread starts with: the logs. Other signals are opened when they are first used. */
export type StoreThreadData = StoreData & {
  /** Folder of compiled modules, shared with the front. */
  compileCache: string | undefined;
  /** Whether the thread writes profiles of its whole life. */
  profile: boolean;
};

/** From the front: how far a signal's partitions are durable now, or that its stores are to be opened, or that the thread is to end (`commit`: after what is in memory is committed). */
export type ToStore =
  | { ends: { partition: number; end: number }[]; signal: Signal }
  | { open: StoreData & { signal: Signal } }
  | { stop: { commit: boolean } };

/** From the store: all below `offset` is closed durably; or that it has stopped; or that it is ready. */
export type FromStore =
  | { released: { signal: Signal; partition: number; offset: number } }
  | { stopped: true }
  | { ready: true }
  | { failed: PlainError };
