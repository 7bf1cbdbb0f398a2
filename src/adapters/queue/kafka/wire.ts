export { type EventPartition, type KafkaEvent, type KafkaEventRecord, messagesOfEvent } from './lambda-event.ts';

import type { QueueBatch, RawBatch } from '../../../core/ports/queue.ts';
import { systemTenant } from '../../../core/tenant.ts';
import { onOneLine, recordSlices } from './record-slices.ts';
import { type ChunkContext, headerName, parseHeader, printHeader } from './wire-header.ts';

/** What is appended to a partition at once, all of it or nothing: neighbours of one request. `values` are the records, `header` is that of each. */
export type Chunk = { header: Buffer; values: Buffer[]; bytes: number; first: number };

/** A message as it is read from a raw topic, whoever wrote it. `header` is our header's value; `undefined` where it has none. */
export type WireMessage = { offset: number; timestampMs: number; value: Uint8Array | null; header: Uint8Array | undefined };

/** Chunks hold at most this many bytes of records; a record that is larger goes alone. */
export const maxChunkBytes = 512 * 1024;

/** What the messages of a chunk come to with a header each, before compression: less than topics take. Again, a larger record goes alone. */
const maxSentBytes = 2 * maxChunkBytes;

/**
 * Cuts the accepted records of a request into chunks, in order. A record costs a slice, no copy. Leaves out those whose index among the accepted
 * ones is in `done`: runs `[from, to)`, ascending.
 */
export function chunksOf(batch: RawBatch, maxBytes = maxChunkBytes, done: readonly (readonly [number, number])[] = []): Chunk[] {
  const chunks: Chunk[] = [];
  let open: Chunk | undefined;
  let sentBytes = 0;
  let run = 0;
  for (const [index, value] of recordSlices(batch).entries()) {
    while (run < done.length && done[run]![1] <= index) run++;
    if (run < done.length && done[run]![0] <= index) {
      open = undefined;
      continue;
    }
    if (!open || open.bytes + value.length > maxBytes || sentBytes + value.length > maxSentBytes) {
      open = { header: printHeader({ ...batch, chunk: chunks.length, first: index }), values: [], bytes: 0, first: index };
      chunks.push(open);
      sentBytes = 0;
    }
    open.values.push(value);
    open.bytes += value.length;
    sentBytes += value.length + open.header.length + messageOverhead;
  }
  return chunks;
}

/** Lengths, offset and name of the header of one message, at most. */
const messageOverhead = 24;

/**
 * Joins neighbours with the same header into batches, in the order of the messages, which ascends by offset. Every message is in exactly one
 * batch: one that is not ours, or has no value, becomes a record that decodes to a fault, so that it ends as a dead letter that says why.
 */
export function batchesOf(partition: number, generation: number, messages: readonly WireMessage[]): QueueBatch[] {
  const batches: QueueBatch[] = [];
  for (let at = 0; at < messages.length; ) {
    const first = messages[at]!;
    const context = first.header && parseHeader(first.header);
    const position = { partition, generation, baseOffset: first.offset };
    if (!context) {
      batches.push({ ...foreign(first), ...position });
      at++;
      continue;
    }
    const end = endOfChunk(messages, at);
    batches.push({ ...batchOf(context, messages, at, end), ...position });
    at = end;
  }
  return batches;
}

function endOfChunk(messages: readonly WireMessage[], from: number): number {
  const { header, offset } = messages[from]!;
  let at = from + 1;
  for (; at < messages.length; at++) {
    const next = messages[at]!;
    if (next.offset !== offset + at - from || !next.header) break;
    if (next.header !== header && Buffer.compare(next.header, header!) !== 0) break;
  }
  return at;
}

const lineFeed = Buffer.from('\n');

function batchOf(context: ChunkContext, messages: readonly WireMessage[], from: number, to: number): RawBatch {
  const { chunk: _chunk, first: _first, ...request } = context;
  const parts: Uint8Array[] = [];
  for (let at = from; at < to; at++) parts.push(lineOf(messages[at]!.value), lineFeed);
  const count = to - from;
  return { ...request, format: 'ndjson', payload: Buffer.concat(parts), total: count, accepted: undefined, count };
}

/** A value as a line that is exactly one record; one that would be none is spelt as a JSON string, which is no record and says so. */
function lineOf(value: Uint8Array | null): Uint8Array {
  if (value === null) return Buffer.from('"a Kafka message without a value"');
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  const byte = bytes[0];
  if (byte === 0x7b) return onOneLine(bytes);
  return bytes.toString().trim() === '' ? Buffer.from('"a Kafka message with a blank value"') : onOneLine(bytes);
}

/** A message of somebody else: what it says is kept as a JSON string. Nobody knows its tenant, so it is the platform's own. */
function foreign({ timestampMs, value, header }: WireMessage): RawBatch {
  const why = header ? `a Kafka message whose ${headerName} header cannot be read: ` : `a Kafka message without ${headerName} header: `;
  const text = why + (value ? Buffer.from(value.buffer, value.byteOffset, value.length).toString() : 'no value');
  return {
    tenant: systemTenant,
    observedUs: Math.max(0, timestampMs) * 1000,
    format: 'ndjson',
    payload: Buffer.from(`${JSON.stringify(text)}\n`),
    total: 1,
    accepted: undefined,
    count: 1,
    defaults: {},
    requestId: '',
    rulesVersion: 0,
    idempotency: undefined,
  };
}
