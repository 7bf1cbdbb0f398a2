import type { Signal } from '../signal.ts';
import { type CloseRequest, type CloseResult, closeIn } from './close.ts';
import { type FileInfo, fileInfoOf } from './file.ts';
import { level0Prefix, objectName } from './keys.ts';
import { emptyPartition, level0File, type PartitionHead } from './progress.ts';
import type { Steps } from './steps.ts';

/** A batch of one partition on its way to be committed. The file's rows are exactly `batch.done`; `hash` is that of its content. `dataset` is logs unless named. */
export type CommitRequest = CloseRequest & {
  dataset?: Signal;
  file: { hash: string; content: unknown; info: FileInfo; tenants: string[] } | undefined;
};

/** What this commit closed itself; empty where others had closed everything before. */
export type CommitResult = CloseResult<PartitionHead>;

/**
 * Commits a batch to the warm store: the file first, then one transaction on the head that names it. Repeats with what is left when somebody
 * else was first. What does not fit one transaction is committed in parts, each whole.
 */
export function* commit({ file, dataset = 'logs', ...request }: CommitRequest): Steps<CommitResult> {
  return yield* closeIn(
    {
      name: 'warm',
      empty: emptyPartition,
      add(closed, before, batch) {
        if (!file || batch.done.length === 0) return { head: closed };
        const name = freeName(dataset, before, file.hash);
        const listed = level0File(before, batch, { name, info: fileInfoOf(file.info), tenants: file.tenants });
        return { head: { ...closed, files: [...before.files, listed] }, object: { name, content: file.content } };
      },
    },
    request,
  );
}

function freeName(dataset: Signal, head: PartitionHead, hash: string): string {
  const taken = new Set([...head.files, ...head.condemned].map(({ name }) => name));
  return objectName(level0Prefix(dataset, head.partition), hash, head.salt, taken);
}
