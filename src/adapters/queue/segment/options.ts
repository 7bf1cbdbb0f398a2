import type { Clock } from '../../../core/clock.ts';
import type { FileSystem } from '../../../core/ports/file-system.ts';

/** Everything below `end` of the partition is durable. */
export type DurableEnd = { partition: number; end: number };

export type SegmentQueueOptions = {
  /** Created where it is missing. */
  folder: string;
  files: FileSystem;
  clock: Clock;
  /** From the state store; stamped on every batch. */
  generation: number;
  /** @default 1 */
  partitions?: number;
  /** A segment is closed when the next group would make it larger. @default 64 MiB */
  segmentBytes?: number;
  /** What may wait for the disk, over all partitions; beyond it appends are refused. @default 32 MiB */
  maxPendingBytes?: number;
  /** How much of what every sink has closed stays for reading again, over all partitions. @default 256 MiB */
  keepBytes?: number;
  /** Closed segments older than this go although they are within `keepBytes`. @default 24 h */
  keepMs?: number;
  /** The log's hard bound, over all partitions: beyond it appends are refused until sinks have caught up. @default 8 GiB */
  maxBytes?: number;
  /** Room on the disk that appends leave free. @default 32 MiB */
  minFreeBytes?: number;
  /** Idempotency keys remembered at most, over all partitions. @default 100,000 */
  maxKnownRequests?: number;
  /** Called when a group has become durable, before its appends resolve; for readers in other threads. */
  onDurable?: (durable: DurableEnd) => void;
  /** Called with what went wrong where no append is there to be refused: cleaning up, saving damaged bytes, the disk at recovery. */
  onProblem?: (what: string, cause: unknown) => void;
};

export type Settings = Required<SegmentQueueOptions>;

const mebibyte = 2 ** 20;

/** Each appended group is at most about this large: the writev of one is what the next waits for. */
export const maxGroupBytes = 8 * mebibyte;

export function settingsOf(options: SegmentQueueOptions): Settings {
  return {
    partitions: 1,
    segmentBytes: 64 * mebibyte,
    maxPendingBytes: 32 * mebibyte,
    keepBytes: 256 * mebibyte,
    keepMs: 24 * 3600 * 1000,
    maxBytes: 8192 * mebibyte,
    minFreeBytes: 32 * mebibyte,
    maxKnownRequests: 100_000,
    onDurable: () => {},
    onProblem: () => {},
    ...options,
  };
}
