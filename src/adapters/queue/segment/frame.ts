import { crc32 } from 'node:zlib';
import type { QueueBatch, RawBatch } from '../../../core/ports/queue.ts';

/** 0xFF never occurs in UTF-8, so that no text a client sends can look like the beginning of a frame. */
export const magic = Buffer.from([0xff, 0x4c, 0x44, 0x51]);
export const fixedBytes = 64;
/** Far more than any header takes: what claims more is no header. */
export const maxHeaderBytes = 16 * 2 ** 20;
const version = 1;

const flag = { ndjson: 1, mark: 2, accepted: 4, idempotency: 8, service: 16, env: 32, host: 64 } as const;
const at = {
  crc: 4,
  version: 8,
  flags: 9,
  headerBytes: 12,
  payloadBytes: 16,
  payloadCrc: 20,
  durable: 24,
  count: 28,
  total: 32,
  generation: 36,
  base: 40,
  observedUs: 48,
  rulesVersion: 56,
} as const;

/** What a frame's header says, without its texts. */
export type Frame = {
  headerBytes: number;
  payloadBytes: number;
  payloadCrc: number;
  /** Bytes of the segment that were durable when this frame was written: everything below them had been acknowledged. */
  durable: number;
  base: number;
  count: number;
  observedUs: number;
  /** Written at an orderly end: holds no records and proves that all before it was durable. */
  isMark: boolean;
  hasKey: boolean;
};

/** Encodes a batch's header but for what is known only when it is written; see {@link stamp}. Layout: README.md of this folder. */
export function headerOf(batch: RawBatch, generation: number): Buffer {
  const { defaults, idempotency, accepted } = batch;
  const texts: (string | Uint8Array | undefined)[] = [batch.tenant, batch.requestId, defaults.service, defaults.env, defaults.host];
  texts.push(idempotency?.key, idempotency?.bodyHmac, accepted);
  let headerBytes = fixedBytes;
  for (const text of texts)
    if (text !== undefined) headerBytes += 4 + (typeof text === 'string' ? Buffer.byteLength(text) : text.byteLength);

  const header = Buffer.allocUnsafe(headerBytes);
  header.fill(0, 0, fixedBytes);
  header.set(magic, 0);
  header[at.version] = version;
  header[at.flags] =
    (batch.format === 'ndjson' ? flag.ndjson : 0) |
    (accepted ? flag.accepted : 0) |
    (idempotency ? flag.idempotency : 0) |
    (defaults.service === undefined ? 0 : flag.service) |
    (defaults.env === undefined ? 0 : flag.env) |
    (defaults.host === undefined ? 0 : flag.host);
  header.writeUInt32LE(headerBytes, at.headerBytes);
  header.writeUInt32LE(batch.payload.byteLength, at.payloadBytes);
  header.writeUInt32LE(crc32(batch.payload), at.payloadCrc);
  header.writeUInt32LE(batch.count, at.count);
  header.writeUInt32LE(batch.total, at.total);
  header.writeUInt32LE(generation, at.generation);
  header.writeDoubleLE(batch.observedUs, at.observedUs);
  header.writeUInt32LE(batch.rulesVersion, at.rulesVersion);
  let position = fixedBytes;
  for (const text of texts) {
    if (text === undefined) continue;
    const bytes = typeof text === 'string' ? header.write(text, position + 4) : text.byteLength;
    if (typeof text !== 'string') header.set(text, position + 4);
    header.writeUInt32LE(bytes, position);
    position += 4 + bytes;
  }
  return header;
}

/** Completes a header with its first offset, the durable bytes before its group, and the checksum over all of it. */
export function stamp(header: Buffer, base: number, durable: number, salt: number): void {
  header.writeDoubleLE(base, at.base);
  header.writeUInt32LE(durable, at.durable);
  header.writeUInt32LE(crc32(header.subarray(at.version), salt), at.crc);
}

/** The frame that closes a segment in order, at the next offset to be given. */
export function markOf(base: number, durable: number, salt: number): Buffer {
  const empty: RawBatch = {
    tenant: '',
    observedUs: 0,
    format: 'json',
    payload: new Uint8Array(),
    total: 0,
    accepted: undefined,
    count: 0,
    defaults: {},
    requestId: '',
    rulesVersion: 0,
    idempotency: undefined,
  };
  const header = headerOf(empty, 0);
  header[at.flags] = flag.mark;
  stamp(header, base, durable, salt);
  return header;
}

/** Reads the header at the beginning of `bytes`: `short` where more bytes are needed, undefined where there is none that is whole. */
export function frameAt(bytes: Buffer, salt: number): Frame | 'short' | undefined {
  if (bytes.byteLength < fixedBytes)
    return magic.compare(bytes, 0, Math.min(4, bytes.byteLength), 0, Math.min(4, bytes.byteLength)) ? undefined : 'short';
  if (bytes.readUInt32LE(0) !== magicNumber || bytes[at.version] !== version) return undefined;
  const headerBytes = bytes.readUInt32LE(at.headerBytes);
  if (headerBytes < fixedBytes || headerBytes > maxHeaderBytes) return undefined;
  if (headerBytes > bytes.byteLength) return 'short';
  if (bytes.readUInt32LE(at.crc) !== crc32(bytes.subarray(at.version, headerBytes), salt)) return undefined;
  const flags = bytes[at.flags]!;
  return {
    headerBytes,
    payloadBytes: bytes.readUInt32LE(at.payloadBytes),
    payloadCrc: bytes.readUInt32LE(at.payloadCrc),
    durable: bytes.readUInt32LE(at.durable),
    base: bytes.readDoubleLE(at.base),
    count: bytes.readUInt32LE(at.count),
    observedUs: bytes.readDoubleLE(at.observedUs),
    isMark: (flags & flag.mark) !== 0,
    hasKey: (flags & flag.idempotency) !== 0,
  };
}
const magicNumber = magic.readUInt32LE(0);

/** How many bytes the frame at the beginning of `bytes` needs at least, once {@link frameAt} has called it short. */
export function bytesNeeded(bytes: Buffer): number {
  return bytes.byteLength < fixedBytes ? fixedBytes : Math.max(fixedBytes, bytes.readUInt32LE(at.headerBytes));
}

export const isWhole = (frame: Frame, payload: Uint8Array): boolean =>
  payload.byteLength === frame.payloadBytes && crc32(payload) === frame.payloadCrc;

/** Reads a whole header and its payload back. Payload, bitmap and HMAC are views of what was read. */
export function batchOf(header: Buffer, payload: Uint8Array, partition: number): QueueBatch {
  const flags = header[at.flags]!;
  let position = fixedBytes;
  const bytes = () => {
    const from = position + 4;
    position = from + header.readUInt32LE(position);
    return header.subarray(from, position);
  };
  const tenant = bytes().toString();
  const requestId = bytes().toString();
  return {
    tenant,
    requestId,
    defaults: {
      ...(flags & flag.service ? { service: bytes().toString() } : {}),
      ...(flags & flag.env ? { env: bytes().toString() } : {}),
      ...(flags & flag.host ? { host: bytes().toString() } : {}),
    },
    idempotency: flags & flag.idempotency ? { key: bytes().toString(), bodyHmac: bytes() } : undefined,
    accepted: flags & flag.accepted ? bytes() : undefined,
    format: flags & flag.ndjson ? 'ndjson' : 'json',
    payload,
    observedUs: header.readDoubleLE(at.observedUs),
    total: header.readUInt32LE(at.total),
    count: header.readUInt32LE(at.count),
    rulesVersion: header.readUInt32LE(at.rulesVersion),
    generation: header.readUInt32LE(at.generation),
    partition,
    baseOffset: header.readDoubleLE(at.base),
  };
}
