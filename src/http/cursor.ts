import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import type { Snapshot, SortKey, TimeRange } from '../query/plan.ts';

/**
 * Where a walk through a list stands: behind which record, over which time, seeing records below which offsets. So the pages of a walk stay
 * disjoint and complete while data arrives, also when the first page said `last=15m`.
 */
export type Cursor = { time: TimeRange; after: SortKey; snapshot: Snapshot };

type Payload = { q: string; t: [number, number]; a: [number, number, number, number, number]; s: Snapshot };

const prefix = 'c1';
const signatureBytes = 16;

/** Names a query by what must not change between the pages of one walk: tenant, conditions, order. */
export const queryDigest = (parts: unknown): string => createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16);

/** Spells a cursor as an opaque token, signed with the host's key and bound to its query. */
export function printCursor(key: Uint8Array, digest: string, { time, after, snapshot }: Cursor): string {
  const payload: Payload = {
    q: digest,
    t: [time.fromUs, time.toUs],
    a: [after.timestamp, after.timestamp_ns, after.generation, after.partition, after.offset],
    s: snapshot,
  };
  const encoded = Buffer.from(JSON.stringify(payload)).toString('base64url');
  return `${prefix}.${encoded}.${sign(key, encoded).toString('base64url')}`;
}

/** Reads a cursor back. @throws AppError INVALID_PARAMETER for one that this host did not give out, or gave for another query */
export function readCursor(key: Uint8Array, digest: string, token: string): Cursor {
  const [version, encoded = '', signature = '', ...rest] = token.split('.');
  const given = Buffer.from(signature, 'base64url');
  const genuine = version === prefix && rest.length === 0 && given.length === signatureBytes && timingSafeEqual(given, sign(key, encoded));
  if (!genuine) throw new AppError('INVALID_PARAMETER', 'cursor: this host gave out no such cursor; begin again without one');
  const { q, t, a, s }: Payload = JSON.parse(Buffer.from(encoded, 'base64url').toString());
  if (q !== digest)
    throw new AppError('INVALID_PARAMETER', 'cursor: it belongs to another query; keep all filters and the order between pages');
  const [timestamp, timestamp_ns, generation, partition, offset] = a;
  return { time: { fromUs: t[0], toUs: t[1] }, after: { timestamp, timestamp_ns, generation, partition, offset }, snapshot: s };
}

const sign = (key: Uint8Array, encoded: string): Buffer => createHmac('sha256', key).update(encoded).digest().subarray(0, signatureBytes);
