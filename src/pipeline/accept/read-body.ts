import { AppError } from '../../core/errors.ts';
import type { AcceptLimits, AcceptRequest } from './types.ts';

/**
 * Reads a body as it was sent, whole, into memory that belongs to accept alone. Leaves the rest of one that is too large unread, and the source
 * open, so that an answer can still be given.
 * @throws AppError BODY_TOO_LARGE, INVALID_BODY where it breaks off, and what the source throws as AppError
 */
export async function readBody({ body, contentLength }: AcceptRequest, { sentBytes }: AcceptLimits): Promise<Uint8Array> {
  if (contentLength !== undefined && contentLength > sentBytes) throw tooLarge(sentBytes);
  if (body instanceof Uint8Array) {
    if (body.length > sentBytes) throw tooLarge(sentBytes);
    return body;
  }
  // What was announced is not yet there: pages of this are only taken as they are written to.
  let whole: Buffer = Buffer.allocUnsafeSlow(contentLength ?? 0);
  let length = 0;
  const source = body[Symbol.asyncIterator]();
  for (let next = await take(source); !next.done; next = await take(source)) {
    const chunk = next.value;
    if (length + chunk.length > sentBytes) throw tooLarge(sentBytes);
    if (length + chunk.length > whole.length) {
      if (length === 0 && contentLength === undefined) whole = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      else whole = grown(whole, length, Math.min(sentBytes, Math.max(length + chunk.length, whole.length * 2)));
    }
    whole.set(chunk, length);
    length += chunk.length;
  }
  return whole.subarray(0, length);
}

function grown(from: Buffer, length: number, size: number): Buffer {
  const to = Buffer.allocUnsafeSlow(size);
  to.set(from.subarray(0, length));
  return to;
}

async function take(source: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
  try {
    return await source.next();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('INVALID_BODY', 'the body broke off before its end; send it again', { cause });
  }
}

const tooLarge = (sentBytes: number): AppError =>
  new AppError('BODY_TOO_LARGE', `the body is larger than ${sentBytes} bytes as sent; send less at once, or raise limits.sentBytes`);
