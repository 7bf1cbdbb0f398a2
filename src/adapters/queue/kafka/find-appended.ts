import { AppError } from '../../../core/errors.ts';
import type { KafkaClient } from './kafka-client.ts';
import type { WireMessage } from './wire.ts';
import { parseHeader } from './wire-header.ts';

/** Records of a request as they stand in the partition: the index of the first among the accepted ones, and their offsets. */
export type FoundChunk = { first: number; run: [number, number] };

export type Search = { partition: number; from: number; tenant: string; key: string; deadlineMs: number };

const fetchBytes = 4 * 1024 * 1024;

/**
 * Reads a partition from an offset to its end at the time of the call, and lists what was appended there for an idempotency key: each record
 * once, at its lowest offset, ascending by index.
 * @throws AppError QUEUE_UNAVAILABLE when that takes longer than until `deadlineMs` (by `performance.now`)
 */
export async function findAppended(client: KafkaClient, { partition, from, tenant, key, deadlineMs }: Search): Promise<FoundChunk[]> {
  const [range] = await client.ranges([partition]);
  const found = new Map<number, FoundChunk>();
  for (let offset = Math.max(from, range!.start); offset < range!.end; ) {
    if (performance.now() > deadlineMs) {
      throw new AppError('QUEUE_UNAVAILABLE', 'looking for what an earlier attempt has left takes too long: send it again', {
        retryAfterS: 5,
      });
    }
    const { messages, next } = await client.fetch(partition, offset, fetchBytes);
    if (next === offset) break;
    collect(messages, offset, tenant, key, found);
    offset = next;
  }
  return [...found.values()].sort((a, b) => a.first - b.first);
}

function collect(messages: WireMessage[], from: number, tenant: string, key: string, found: Map<number, FoundChunk>): void {
  let header: Uint8Array | undefined;
  let chunk: FoundChunk | undefined;
  for (const { header: own, offset } of messages) {
    if (!own || offset < from) {
      header = chunk = undefined;
      continue;
    }
    if (!header || Buffer.compare(header, own) !== 0) {
      header = own;
      const context = parseHeader(own);
      const isOurs = context?.tenant === tenant && context.idempotency?.key === key && !found.has(context.first);
      chunk = isOurs ? { first: context.first, run: [offset, offset] } : undefined;
      if (chunk) found.set(chunk.first, chunk);
    }
    if (chunk) chunk.run[1] = offset + 1;
  }
}
