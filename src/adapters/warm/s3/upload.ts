import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { ObjectBytes } from '../../../core/ports/warm-store.ts';

/** Where an upload goes. `onlyNew`: it fails with 412 where the key is taken. `writer` names this upload in the object's metadata. */
export type Destination = { bucket: string; key: string; onlyNew: boolean; writer: string };

/** Parts sent at once. */
const parallel = 4;

/** Writes an object: in one request when it is at most `partBytes`, in parts of that size otherwise (S3 wants 5 MiB at least). */
export async function upload(client: S3Client, to: Destination, bytes: ObjectBytes, partBytes: number): Promise<void> {
  const pieces = piecesOf(bytes, partBytes);
  const first = (await pieces.next()).value ?? Buffer.alloc(0);
  const second = await pieces.next();
  const at = { Bucket: to.bucket, Key: to.key };
  const metadata = { Metadata: { writer: to.writer } };
  if (second.done) {
    await client.send(new PutObjectCommand({ ...at, ...metadata, ...conditionOf(to), Body: first }));
    return;
  }
  const checksum = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const;
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, ...metadata, ...checksum }));
  try {
    const parts = await sendParts(client, { ...at, UploadId }, [first, second.value], pieces);
    const whole = { MultipartUpload: { Parts: parts }, ChecksumType: checksum.ChecksumType };
    await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, ...whole, ...conditionOf(to) }));
  } catch (error) {
    // Parts that stay cost money until the bucket's lifecycle removes them. An upload that did complete is not undone by this.
    await client.send(new AbortMultipartUploadCommand({ ...at, UploadId })).catch(() => {}); // the bucket's own rule removes what is left
    throw error;
  }
}

async function sendParts(
  client: S3Client,
  at: { Bucket: string; Key: string; UploadId: string | undefined },
  begun: Buffer[],
  rest: AsyncGenerator<Buffer, undefined>,
): Promise<CompletedPart[]> {
  const parts: CompletedPart[] = [];
  let number = 0;
  const next = async () => {
    const waiting = begun.shift();
    return waiting ?? (await rest.next()).value;
  };
  let turn: Promise<unknown> = Promise.resolve();
  // One after the other asks for the next piece, so that no more pieces are in memory than are on their way.
  const take = () => {
    const taken = turn.then(next).then((piece) => (piece ? { piece, PartNumber: ++number } : undefined));
    turn = taken.catch(() => {}); // told to whoever awaits it
    return taken;
  };
  const sender = async () => {
    for (let part = await take(); part; part = await take()) {
      const { PartNumber, piece } = part;
      const sent = await client.send(new UploadPartCommand({ ...at, PartNumber, Body: piece, ChecksumAlgorithm: 'CRC32' }));
      parts[PartNumber - 1] = { PartNumber, ETag: sent.ETag, ...(sent.ChecksumCRC32 ? { ChecksumCRC32: sent.ChecksumCRC32 } : {}) };
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: parallel }, sender));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
  return parts;
}

const conditionOf = ({ onlyNew }: Destination) => (onlyNew ? { IfNoneMatch: '*' } : {});

/** Joins bytes to pieces of exactly `pieceBytes`, the last one shorter; none of nothing. */
async function* piecesOf(bytes: ObjectBytes, pieceBytes: number): AsyncGenerator<Buffer, undefined> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.byteLength; ) {
      const part = chunk.subarray(from, from + pieceBytes - heldBytes);
      held.push(part);
      heldBytes += part.byteLength;
      from += part.byteLength;
      if (heldBytes < pieceBytes) continue;
      yield Buffer.concat(held);
      held = [];
      heldBytes = 0;
    }
  }
  if (heldBytes > 0) yield Buffer.concat(held);
  return undefined;
}
