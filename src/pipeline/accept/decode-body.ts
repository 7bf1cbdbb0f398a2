import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { AppError } from '../../core/errors.ts';
import type { AcceptLimits } from './types.ts';

type Options = { maxOutputLength: number; chunkSize: number };
type Codec = {
  sync(bytes: Uint8Array, options: Options): Uint8Array;
  async(bytes: Uint8Array, options: Options): Promise<Uint8Array>;
};

const gzip: Codec = { sync: zlib.gunzipSync, async: promisify<Uint8Array, Options, Uint8Array>(zlib.gunzip) };
const zlibWrapped: Codec = { sync: zlib.inflateSync, async: promisify<Uint8Array, Options, Uint8Array>(zlib.inflate) };
const rawDeflate: Codec = { sync: zlib.inflateRawSync, async: promisify<Uint8Array, Options, Uint8Array>(zlib.inflateRaw) };
const brotli: Codec = { sync: zlib.brotliDecompressSync, async: promisify<Uint8Array, Options, Uint8Array>(zlib.brotliDecompress) };
const zstd: Codec = { sync: zlib.zstdDecompressSync, async: promisify<Uint8Array, Options, Uint8Array>(zlib.zstdDecompress) };

/** Up to this many bytes as sent are decoded at once: at most some milliseconds; more goes to the thread pool. */
const maxSyncBytes = 32 * 1024;
/** Below this a body is no bomb, however well it was compressed. */
const ratioFromBytes = 1024 * 1024;
const chunkBytes = 128 * 1024;

/**
 * Undoes a `Content-Encoding`. Decoding stops at the limits, so that a bomb takes no more memory than an honest body may.
 * @throws AppError MEDIA_TYPE for an encoding that is not known, BODY_TOO_LARGE, INVALID_BODY where the bytes are cut off or damaged
 */
export async function decodeBody(sent: Uint8Array, encoding: string | undefined, limits: AcceptLimits): Promise<Uint8Array> {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return sent;
  const codec = codecOf(encoding.trim().toLowerCase(), sent);
  const ratioBytes = Math.max(ratioFromBytes, sent.length * limits.ratio);
  const maxOutputLength = Math.min(limits.decodedBytes, ratioBytes);
  try {
    const options = { maxOutputLength, chunkSize: chunkBytes };
    return sent.length <= maxSyncBytes ? codec.sync(sent, options) : await codec.async(sent, options);
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE') {
      throw new AppError('INVALID_BODY', `the body is not whole or not ${encoding}: ${(cause as Error).message.toLowerCase()}`, { cause });
    }
    if (maxOutputLength === limits.decodedBytes) {
      const what = `the body decodes to more than ${limits.decodedBytes} bytes`;
      throw new AppError('BODY_TOO_LARGE', `${what}; send less at once, or raise limits.decodedBytes`);
    }
    throw new AppError('BODY_TOO_LARGE', `the body decodes to more than ${limits.ratio} times what was sent; see limits.ratio`);
  }
}

function codecOf(encoding: string, sent: Uint8Array): Codec {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return gzip;
    case 'deflate':
      // RFC 9110 means zlib's wrapper; some senders leave it off. Its header: method 8, and a multiple of 31.
      return ((sent[0] ?? 0) & 0x0f) === 8 && (((sent[0] ?? 0) << 8) | (sent[1] ?? 0)) % 31 === 0 ? zlibWrapped : rawDeflate;
    case 'br':
      return brotli;
    case 'zstd':
      return zstd;
    default:
      throw new AppError('MEDIA_TYPE', `the content encoding "${encoding}" is not known; use gzip, deflate, br, zstd or none`);
  }
}
