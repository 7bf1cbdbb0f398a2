import { joinLines } from '../../core/multiline.ts';
import { tooManyRecords } from './record-limit.ts';
import type { AcceptLimits } from './types.ts';

/** Turns plain text into NDJSON, a message a line; blank lines are left out and the lines of a stack trace stay together. @throws AppError BODY_TOO_LARGE */
export function textToNdjson(bytes: Uint8Array, limits: AcceptLimits): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  const messages = joinLines(text.split(/\r?\n/)).filter((message) => message.trim() !== '');
  if (messages.length > limits.records) throw tooManyRecords(limits);
  return Buffer.from(messages.map((message) => `{"message":${JSON.stringify(message)}}\n`).join(''));
}
