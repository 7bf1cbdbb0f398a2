import { openSegmentQueue, type SegmentQueue } from '../../src/adapters/queue/segment/segment-queue.ts';
import { openSegmentReader } from '../../src/adapters/queue/segment/segment-reader.ts';
import { manualClock } from '../../src/core/clock.ts';
import { AppError } from '../../src/core/errors.ts';
import { type FileSystem, fileErrorCode } from '../../src/core/ports/file-system.ts';
import type { Appended, RawBatch } from '../../src/core/ports/queue.ts';
import { baseOf, keyed, readAll } from '../contract/queue.contract.ts';
import type { ModelFileSystem } from './model-file-system.ts';

const folder = '/data/queue';
const clients = 3;
const requestsEach = 4;
const attempts = 5;
/** So that the workload rolls to new segments and retention has some to remove. */
const segmentBytes = 700;

/** What the clients know when the process has died or ended. */
export type Witness = {
  acknowledged: Map<string, Appended>;
  /** Offsets below are closed by every sink: they may be gone. */
  released: number;
  /** Requests of which an attempt had an unknown outcome, so that the log may hold them more than once. */
  unknown: Set<string>;
  problems: string[];
};

/** Opens the queue, lets a few clients append at once, releases some, and closes. Ends where the process dies. `files` may stand before the model. */
export async function runWorkload(model: ModelFileSystem, files: FileSystem = model): Promise<Witness> {
  const witness: Witness = { acknowledged: new Map(), released: 0, unknown: new Set(), problems: [] };
  try {
    const clock = manualClock(1000);
    const queue = await openQueue(files, clock, witness);
    await Promise.all(Array.from({ length: clients }, (_, client) => runClient(queue, client, clock, witness, model)));
    await queue.close();
  } catch (error) {
    if (!model.isDead && !fileErrorCode(error)) throw error;
  }
  return witness;
}

async function runClient(
  queue: SegmentQueue,
  client: number,
  clock: ReturnType<typeof manualClock>,
  witness: Witness,
  model: ModelFileSystem,
): Promise<void> {
  for (let index = 0; index < requestsEach; index++) {
    const request = requestOf(client, index);
    for (let attempt = 0; attempt < attempts && !witness.acknowledged.has(request.requestId); attempt++) {
      try {
        witness.acknowledged.set(request.requestId, await queue.append(0, request));
      } catch (error) {
        if (model.isDead || !(error instanceof AppError)) throw error;
        if (error.code !== 'DISK_FULL') witness.unknown.add(request.requestId);
        clock.advance(300);
      }
    }
    if (client === 0 && index === 2) {
      witness.released = (await queue.ranges())[0]!.end;
      await queue.release(0, witness.released).catch((error: unknown) => {
        if (model.isDead || !fileErrorCode(error)) throw error;
      });
    }
  }
}

/** Opens what a crash has left and lists everything that is wrong with it; empty when every promise was kept. */
export async function faultsAfter(files: FileSystem, { acknowledged, released, unknown }: Witness): Promise<string[]> {
  const faults: string[] = [];
  const queue = await openQueue(files, manualClock(2000));
  const [range] = await queue.ranges();
  const reader = openSegmentReader({
    folder,
    files,
    ends: queue.durableEnds(),
    onHole: (hole) => faults.push(`reader: hole at ${hole.from}`),
  });
  const batches = await readAll(reader, 0, range!.start);

  for (const hole of await queue.holes()) faults.push(`hole from ${hole.from} to ${hole.to}: ${hole.detail}`);
  if (range!.start > released) faults.push(`starts at ${range!.start}, though only ${released} were released`);
  let next = range!.start;
  const seen = new Set<string>();
  for (const batch of batches) {
    if (batch.baseOffset !== next) faults.push(`offset ${batch.baseOffset} follows ${next}`);
    next = batch.baseOffset + batch.count;
    const [, client, index] = batch.requestId.split('-').map(Number);
    const sent = requestOf(client!, index!);
    if (Buffer.compare(sent.payload, batch.payload) !== 0) faults.push(`${batch.requestId} is not what was sent`);
    if (seen.has(batch.requestId) && !unknown.has(batch.requestId)) faults.push(`${batch.requestId} stands twice`);
    seen.add(batch.requestId);
  }
  if (next !== range!.end) faults.push(`ends at ${range!.end}, read to ${next}`);
  for (const [requestId, appended] of acknowledged) {
    const baseOffset = baseOf(appended);
    const isThere = batches.some((batch) => batch.requestId === requestId && batch.baseOffset === baseOffset);
    if (!isThere && baseOffset >= range!.start) faults.push(`${requestId} was acknowledged at ${baseOffset} and is lost`);
    const known = await queue.find('acme', requestId);
    if (isKeyed(requestId) && known === undefined) faults.push(`the idempotency key of ${requestId} is lost`);
  }
  const appended = await queue.append(0, keyed('after', 'acme', 'after'));
  if (baseOf(appended) !== range!.end) faults.push(`goes on at ${baseOf(appended)}, not at ${range!.end}`);
  await reader.close();
  await queue.close();
  return faults;
}

/**
 * A second process opens the queue and reads: what it saw is as good as acknowledged. With `appends` it appends one more.
 * Ends where that process dies.
 */
export async function runRecovery(files: ModelFileSystem, witness: Witness, { appends }: { appends: boolean }): Promise<void> {
  try {
    const queue = await openQueue(files, manualClock(2000));
    const reader = openSegmentReader({ folder, files, ends: queue.durableEnds() });
    for (const { requestId, generation, partition, baseOffset, count } of await readAll(reader, 0, 0)) {
      if (!witness.unknown.has(requestId))
        witness.acknowledged.set(requestId, { generation, partition, runs: [[baseOffset, baseOffset + count]], count });
    }
    const late = requestOf(9, 0);
    if (appends) witness.acknowledged.set(late.requestId, await queue.append(0, late));
    await queue.close();
  } catch (error) {
    if (!files.isDead) throw error;
  }
}

function openQueue(files: FileSystem, clock: ReturnType<typeof manualClock>, witness?: Witness): Promise<SegmentQueue> {
  return openSegmentQueue({
    folder,
    files,
    clock,
    generation: 1,
    segmentBytes,
    keepBytes: 0,
    maxBytes: 1_000_000,
    onProblem: (what) => witness?.problems.push(what),
  });
}

/** The request's id tells who sent it; its payload may take several sectors. */
function requestOf(client: number, index: number): RawBatch {
  const requestId = `r-${client}-${index}`;
  const { idempotency, ...batch } = keyed(requestId, 'acme', requestId);
  const payload = index === 1 ? Buffer.from(JSON.stringify([{ message: requestId.repeat(250) }, {}])) : batch.payload;
  return { ...batch, payload, idempotency: isKeyed(requestId) ? idempotency : undefined };
}

/** Some segments hold keys, some none: retention treats them differently. */
const isKeyed = (requestId: string): boolean => requestId === 'r-0-2' || requestId === 'r-1-3';
