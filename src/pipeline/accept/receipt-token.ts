import { createHmac, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import type { Receipt } from '../../core/receipt.ts';
import { type Signal, signals } from '../../core/signal.ts';

/** The first letter of a signal's name tells whose positions they are; the logs have none. */
const prefixOf = (signal: Signal): string => (signal === 'logs' ? 'r1' : `r1${signal[0]}`);
const signalOf = new Map(signals.map((signal) => [prefixOf(signal), signal]));
/** 128 bits of HMAC-SHA256: nobody guesses one, and a token stays short. */
const signatureBytes = 16;
/** A request holds at most 10,000 records; the token of each of them alone would be shorter than this. */
const maxTokenLength = 120_000;

/** Spells and reads the receipts of one host; `read` throws AppError NOT_FOUND for a token that was never given out. */
export const receiptTokens = (secret: Uint8Array) => ({
  print: (receipt: Receipt): string => printReceipt(secret, receipt),
  read: (token: string, tenant?: string): Receipt => readReceipt(secret, token, tenant),
});

/**
 * Spells a receipt as `r1.<payload>.<signature>` (`r1m`, `r1e`, `r1t` for metrics, events, traces), both base64url. The payload is varints (LEB128): the length of the tenant's name and its bytes,
 * generation, partition, the number of runs, and for each its distance from the end of the run before and its length.
 */
export function printReceipt(secret: Uint8Array, { signal = 'logs', tenant, generation, partition, runs }: Receipt): string {
  const name = Buffer.from(tenant);
  const bytes: number[] = [];
  putVarint(bytes, name.length);
  bytes.push(...name);
  putVarint(bytes, generation);
  putVarint(bytes, partition);
  putVarint(bytes, runs.length);
  let end = 0;
  for (const [from, to] of runs) {
    if (from < end || to <= from) throw new RangeError('the runs of a receipt ascend, do not overlap and are not empty');
    putVarint(bytes, from - end);
    putVarint(bytes, to - from);
    end = to;
  }
  const payload = Buffer.from(bytes);
  return `${prefixOf(signal)}.${payload.toString('base64url')}.${signatureOf(secret, signal, payload).toString('base64url')}`;
}

/**
 * Reads a token back. With `tenant`, one that was given to another is refused in the same words as one that was never given out.
 * @throws AppError NOT_FOUND
 */
export function readReceipt(secret: Uint8Array, token: string, tenant?: string): Receipt {
  const receipt = verified(secret, token);
  if (!receipt || (tenant !== undefined && receipt.tenant !== tenant)) {
    throw new AppError('NOT_FOUND', 'this receipt was not given out here; send the `receipt` of an answer to POST /logs as it is');
  }
  return receipt;
}

function verified(secret: Uint8Array, token: string): Receipt | undefined {
  if (token.length > maxTokenLength) return undefined;
  const [version = '', payloadText = '', signatureText = '', rest] = token.split('.');
  const signal = signalOf.get(version);
  if (!signal || rest !== undefined) return undefined;
  const payload = Buffer.from(payloadText, 'base64url');
  const signature = Buffer.from(signatureText, 'base64url');
  // What base64url reads leniently is spelt again, so that one receipt has one token.
  if (payload.toString('base64url') !== payloadText || signature.toString('base64url') !== signatureText) return undefined;
  if (signature.length !== signatureBytes || !timingSafeEqual(signature, signatureOf(secret, signal, payload))) return undefined;
  const receipt = parsePayload(payload);
  return receipt && (signal === 'logs' ? receipt : { signal, ...receipt });
}

function parsePayload(payload: Uint8Array): Receipt | undefined {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < payload.length; scale *= 128) {
      const byte = payload[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  const nameLength = varint();
  const tenant = Buffer.from(payload.subarray(at, at + nameLength)).toString();
  at += nameLength;
  const generation = varint();
  const partition = varint();
  const count = varint();
  const runs: [number, number][] = [];
  let end = 0;
  for (let i = 0; i < count; i++) {
    const from = end + varint();
    end = from + varint();
    runs.push([from, end]);
  }
  return at === payload.length && Number.isSafeInteger(end) ? { tenant, generation, partition, runs } : undefined;
}

const signatureOf = (secret: Uint8Array, signal: Signal, payload: Uint8Array): Buffer =>
  createHmac('sha256', secret)
    .update(signal === 'logs' ? 'receipt\0' : `receipt/${signal}\0`)
    .update(payload)
    .digest()
    .subarray(0, signatureBytes);

function putVarint(out: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80);
  out.push(rest);
}
