import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { Client, Query } from '../client.ts';
import type { Io } from '../io.ts';
import type { Style } from '../style.ts';
import { type Batch, Batcher } from './batches.ts';
import { deliver } from './deliver.ts';
import type { Piece } from './lines.ts';
import { recordsOfPieces } from './make-records.ts';
import type { PlaceFile } from './place-file.ts';
import type { Progress, Tally } from './progress.ts';

export type SendOptions = {
  client: Client;
  /** Where records of their kind are taken in. @default '/logs' */
  path?: string;
  io: Io;
  style: Style;
  query: Query;
  batchRecords: number;
  batchBytes: number;
  inFlight: number;
  compress: boolean;
  retryForMs: number;
  places: PlaceFile | undefined;
  /** A file that gets a line of JSON for each receipt. */
  receiptsFile: string | undefined;
  tally: Tally;
  progress: Progress;
};

const maxShownFaults = 5;
const saveEveryMs = 1_000;

/** Sends all pieces of a source, several requests in flight, and gives the receipts. @throws FailedError when the server refuses or stays away */
export async function sendAll(pieces: AsyncIterable<Piece>, options: SendOptions): Promise<string[]> {
  const { io, inFlight, tally, progress, places } = options;
  const receipts: string[] = [];
  const run = randomBytes(12).toString('hex');
  const batcher = new Batcher(options.batchRecords, options.batchBytes);
  const recordsOf = recordsOfPieces();
  const underWay = new Set<Promise<void>>();
  const contact = { isMade: false };
  let failure: unknown;
  let shown = 0;
  let savedMs = performance.now();

  const dispatch = async (batch: Batch) => {
    while (underWay.size >= inFlight) await Promise.race(underWay);
    if (failure) throw failure;
    const acknowledged = places?.sending(batch.ends);
    const work = one(batch)
      .then(() => acknowledged?.())
      .catch((thrown: unknown) => {
        tally.lost += batch.count;
        failure ??= thrown;
      })
      .finally(() => underWay.delete(work));
    underWay.add(work);
  };

  const one = async ({ seq, body, ends }: Batch) => {
    const { client, path, query, compress, retryForMs } = options;
    const onRetry = (why: string, waitMs: number) => progress.note(`${why.split(';')[0]}: again in ${Math.ceil(waitMs / 1000)} s`);
    const key = places
      ? createHash('sha256')
          .update(`${places.identity(ends)}\0${body}`)
          .digest('hex')
      : `${run}-${seq}`;
    const done = await deliver({ client, path, query, compress, retryForMs, contact, signal: io.signal, onRetry }, body, key);
    tally.records += done.accepted;
    tally.rejected += done.rejected;
    tally.requests += done.requests;
    tally.retries += done.retries;
    for (const receipt of done.receipt?.split('\n') ?? []) {
      receipts.push(receipt);
      if (options.receiptsFile)
        appendFileSync(options.receiptsFile, `${JSON.stringify({ receipt, accepted: done.accepted, rejected: done.rejected })}\n`);
    }
    for (const { index, detail } of done.items) {
      if (shown++ < maxShownFaults) io.err(`${options.style.yellow('rejected:')} record ${index + 1} of a batch: ${detail}\n`);
    }
  };

  for await (const piece of pieces) {
    for (const item of recordsOf(piece)) {
      const batch = batcher.add(item);
      if (batch) await dispatch(batch);
    }
    if (piece === 'idle' || piece.isLast) {
      const batch = batcher.flush();
      if (batch) await dispatch(batch);
    }
    if (failure) break;
    if (places && performance.now() - savedMs > saveEveryMs) {
      places.save();
      savedMs = performance.now();
    }
  }
  for (const item of failure ? [] : recordsOf('idle')) {
    const batch = batcher.add(item);
    if (batch) await dispatch(batch);
  }
  const last = failure ? undefined : batcher.flush();
  if (last) await dispatch(last);
  await Promise.all(underWay);
  places?.save();
  if (failure) throw failure;
  return receipts;
}
