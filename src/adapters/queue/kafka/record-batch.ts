import crc32C from 'kafkajs/src/protocol/recordBatch/crc32C/index.js';
import { compressed, compressionTypes } from './codecs.ts';
import type { Compression } from './options.ts';
import type { Chunk } from './wire.ts';
import { headerName } from './wire-header.ts';

/** Records as they stand in a batch, compressed: made once, sent as often as it takes. */
export type PackedRecords = { count: number; compression: Compression; bytes: Buffer };

/** Whose a batch is, and the number of its first record; see `ProducerIdentity`. */
export type BatchIdentity = { producerId: bigint; producerEpoch: number; firstSequence: number };

/** Lengths of a record and its parts as varints, at most. */
const overhead = 32;

/** Packs the records of chunks, in order. Format: https://kafka.apache.org/documentation/#recordbatch; kafkajs's encoder takes some 10 us a record. */
export async function packRecords(chunks: readonly Pick<Chunk, 'header' | 'values'>[], compression: Compression): Promise<PackedRecords> {
  let bound = 0;
  for (const { header, values } of chunks) for (const { length } of values) bound += length + header.length + overhead;
  const out = Buffer.allocUnsafe(bound);
  let at = 0;
  let count = 0;
  for (const { header, values } of chunks) {
    const headers = headersOf(header);
    for (const value of values) {
      // attributes, time delta and key (none) take a byte each
      const length = 3 + sizeOf(count) + sizeOf(value.length) + value.length + headers.length;
      at = putVarint(out, at, length);
      out[at++] = 0;
      out[at++] = 0;
      at = putVarint(out, at, count++);
      out[at++] = 1;
      at = putVarint(out, at, value.length);
      at += value.copy(out, at);
      at += headers.copy(out, at);
    }
  }
  return { count, compression, bytes: await compressed(out.subarray(0, at), compression) };
}

/** A record batch as it goes into a Produce request. */
export function recordBatch({ count, compression, bytes }: PackedRecords, identity: BatchIdentity, nowMs: number): Buffer {
  const head = 61;
  const batch = Buffer.allocUnsafe(head + bytes.length);
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(0, 12);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(compressionTypes[compression], 21);
  batch.writeInt32BE(count - 1, 23);
  batch.writeBigInt64BE(BigInt(nowMs), 27);
  batch.writeBigInt64BE(BigInt(nowMs), 35);
  batch.writeBigInt64BE(identity.producerId, 43);
  batch.writeInt16BE(identity.producerEpoch, 51);
  batch.writeInt32BE(identity.firstSequence, 53);
  batch.writeInt32BE(count, 57);
  bytes.copy(batch, head);
  batch.writeUInt32BE(crc32C(batch.subarray(21)), 17);
  return batch;
}

/** The body of a Produce request, version 7, of one batch to one partition, with acks=all. https://kafka.apache.org/protocol#The_Messages_Produce */
export function produceBody(topic: string, partition: number, batch: Buffer, timeoutMs: number): Buffer {
  const name = Buffer.from(topic);
  const head = Buffer.alloc(26 + name.length);
  head.writeInt16BE(-1, 0); // no transaction
  head.writeInt16BE(-1, 2); // acks=all
  head.writeInt32BE(timeoutMs, 4);
  head.writeInt32BE(1, 8);
  head.writeInt16BE(name.length, 12);
  const at = 14 + name.copy(head, 14);
  head.writeInt32BE(1, at);
  head.writeInt32BE(partition, at + 4);
  head.writeInt32BE(batch.length, at + 8);
  return Buffer.concat([head, batch]);
}

/** The headers of a record: one, the same for each record of a chunk. */
function headersOf(header: Buffer): Buffer {
  const out = Buffer.allocUnsafe(header.length + overhead);
  let at = putVarint(out, 0, 1);
  at = putVarint(out, at, headerName.length);
  at += out.write(headerName, at);
  at = putVarint(out, at, header.length);
  at += header.copy(out, at);
  return out.subarray(0, at);
}

/** Numbers here are at most some megabytes, so twice them is below 2^31. */
function putVarint(out: Buffer, from: number, value: number): number {
  let at = from;
  let rest = value * 2;
  for (; rest > 0x7f; rest >>>= 7) out[at++] = (rest & 0x7f) | 0x80;
  out[at++] = rest;
  return at;
}

function sizeOf(value: number): number {
  let size = 1;
  for (let rest = value * 2; rest > 0x7f; rest >>>= 7) size++;
  return size;
}
