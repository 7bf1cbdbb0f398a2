import type { RawBatch } from '../../../core/ports/queue.ts';
import { isTenant } from '../../../core/tenant.ts';

/** What the records of one chunk of a request have in common: the context that accept gave them. */
export type ChunkContext = Pick<RawBatch, 'tenant' | 'observedUs' | 'requestId' | 'rulesVersion' | 'defaults' | 'idempotency'> & {
  /** Number of the chunk in its request, and the index of its first record among the accepted ones. */
  chunk: number;
  first: number;
};

/** Name of the one header of every message. */
export const headerName = 'ld';

/** Spells the header of a chunk: compact JSON, see docs/kafka.md. */
export function printHeader({ tenant, observedUs, requestId, rulesVersion, defaults, idempotency, chunk, first }: ChunkContext): Buffer {
  const keyed = idempotency && { key: idempotency.key, hmac: Buffer.from(idempotency.bodyHmac).toString('base64') };
  const named = Object.keys(defaults).length > 0 && { defaults };
  const request = { request_id: requestId, rules: rulesVersion, chunk: [chunk, first] };
  return Buffer.from(JSON.stringify({ v: 1, tenant, observed_us: observedUs, ...request, ...named, ...keyed }));
}

/** Reads a header; `undefined` where it is none of ours. Fields it does not know are left alone. */
export function parseHeader(bytes: Uint8Array): ChunkContext | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  } catch {
    return undefined;
  }
  if (typeof raw !== 'object' || raw === null) return undefined;
  const { v, tenant, observed_us, request_id, rules, chunk, defaults = {}, key, hmac } = raw as Record<string, unknown>;
  if (v !== 1 || typeof tenant !== 'string' || !isTenant(tenant) || typeof request_id !== 'string') return undefined;
  if (!isCount(observed_us) || !isCount(rules) || !isDefaults(defaults)) return undefined;
  if (!Array.isArray(chunk) || !isCount(chunk[0]) || !isCount(chunk[1])) return undefined;
  if (key !== undefined && (typeof key !== 'string' || typeof hmac !== 'string')) return undefined;
  return {
    tenant,
    observedUs: observed_us,
    requestId: request_id,
    rulesVersion: rules,
    defaults,
    idempotency: key === undefined ? undefined : { key: key as string, bodyHmac: new Uint8Array(Buffer.from(hmac as string, 'base64')) },
    chunk: chunk[0],
    first: chunk[1],
  };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isDefaults(value: unknown): value is RawBatch['defaults'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([name, text]) => ['service', 'env', 'host'].includes(name) && typeof text === 'string');
}
