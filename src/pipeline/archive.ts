import { createHash } from 'node:crypto';
import type { EncodedPart } from '../columnar/directory.ts';
import type { Intervals } from '../core/intervals.ts';
import { type CommitResult, commit } from '../core/warm/commit.ts';
import { partitionKey } from '../core/warm/keys.ts';
import type { MinuteOffsets } from '../core/warm/minutes.ts';
import { checkLogEnd, type Details, emptyPartition, type PartitionHead } from '../core/warm/progress.ts';
import { type OffsetsStatus, statusOf } from '../core/warm/status.ts';
import { read } from '../core/warm/steps.ts';
import type { StepRunner } from './run-steps.ts';

/** What one sealed batch closes. The part's rows are exactly `done`; there is no part where nothing is done. The letters of `dead` are stored before. */
export type CommitBatch = Details & {
  generation: number;
  partition: number;
  part: EncodedPart | undefined;
  done: Intervals;
  /** Accepted offsets by tenant and observed minute, for the ledger. Those of a redrive were counted when they died: it names only what is new of them. */
  minutes: readonly MinuteOffsets[];
  /** Moves dead offsets instead of open ones: only those of the letters that were named. */
  redrive?: boolean;
};

/** The warm sink: makes batches durable and keeps the account of every offset. */
export type Archive = {
  /** Writes the part and closes the batch's offsets, of which others may have closed some or all. Safe to repeat. @throws AppError STORE_UNAVAILABLE, DISK_FULL */
  commit(batch: CommitBatch): Promise<CommitResult>;
  head(generation: number, partition: number): Promise<PartitionHead>;
  /** What became of offsets: for receipts. */
  status(generation: number, partition: number, offsets: Intervals): Promise<OffsetsStatus>;
  /** Reads the head and halts where the log ends before what was finished. @throws AppError QUEUE_REWOUND */
  check(generation: number, partition: number, end: number): Promise<PartitionHead>;
};

export function createArchive({ runner }: { runner: StepRunner }): Archive {
  const head = async (generation: number, partition: number) =>
    (await runner.run(read(partitionKey(generation, partition), emptyPartition(generation, partition)))).value;
  return {
    head,
    commit: ({ generation, partition, part, minutes, redrive = false, ...sets }) =>
      runner.run(
        commit({
          dataset: runner.dataset,
          generation,
          partition,
          minutes,
          batch: { done: sets.done, dropped: sets.dropped, dead: sets.dead, redrive },
          file: part && { hash: contentHash(part.bytes), content: part.bytes, info: part.info, tenants: part.info.tenants },
        }),
      ),
    status: (generation, partition, offsets) => runner.run(statusOf(generation, partition, offsets)),
    async check(generation, partition, end) {
      const found = await head(generation, partition);
      checkLogEnd(found, end);
      return found;
    },
  };
}

/** The first 128 bits of the SHA-256 of an object, in hex: its name. */
export function contentHash(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 32);
}
