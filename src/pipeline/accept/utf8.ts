import { isUtf8 } from 'node:buffer';
import { AppError } from '../../core/errors.ts';

/** Gives the bytes without a byte order mark. @throws AppError INVALID_BODY that names the first byte which is not UTF-8 */
export function checkUtf8(bytes: Uint8Array): Uint8Array {
  if (!isUtf8(bytes)) {
    throw new AppError('INVALID_BODY', `the body is not UTF-8 at byte offset ${firstInvalid(bytes)}; send text as UTF-8`);
  }
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** Offset of the first byte of the first sequence that is not well-formed (Unicode table 3-7). */
function firstInvalid(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return at;
}

/** Bytes of the well-formed sequence at `at`, 0 where there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  const second = bytes[at + 1] ?? 0;
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}
