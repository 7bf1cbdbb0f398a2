import type { ErrorItem } from '../../core/errors.ts';
import type { RecordDefaults } from '../../core/ports/queue.ts';
import type { Receipt } from '../../core/receipt.ts';
import type { Signal } from '../../core/signal.ts';
import type { Translate } from './translate.ts';

/** What a body may be; each configurable (`limits` in logdrive.yaml). Bytes, counts, and a ratio of decoded to sent bytes. */
export type AcceptLimits = {
  sentBytes: number;
  decodedBytes: number;
  ratio: number;
  records: number;
  recordBytes: number;
  depth: number;
};

export const defaultLimits: AcceptLimits = {
  sentBytes: 10 * 1024 * 1024,
  decodedBytes: 50 * 1024 * 1024,
  ratio: 100,
  records: 10_000,
  recordBytes: 1024 * 1024,
  depth: 32,
};

/** One ingest request, authenticated already: `tenant` comes from the key. */
export type AcceptRequest = {
  /** What kind of records the body holds. @default 'logs' */
  signal?: Signal;
  tenant: string;
  /** Limits a key's rate: the key's id, or the tenant's name where the host is open. */
  keyId: string;
  requestId: string;
  /** Media type without parameters, lower case; undefined where the request has none (then JSON or NDJSON, by its first bytes). */
  contentType: string | undefined;
  /** `gzip`, `deflate`, `br`, `zstd`, `identity` or undefined. */
  contentEncoding: string | undefined;
  /** Bytes as sent, when the request says so. */
  contentLength: number | undefined;
  /** The body as it arrives; accept stops reading at its limits. */
  body: AsyncIterable<Uint8Array> | Uint8Array;
  idempotencyKey: string | undefined;
  /** Takes the same body within 15 minutes, where it comes without a key, for the same request: for clients that send again blindly. @default false */
  impliesKey?: boolean;
  /** Turns a body of another form into records; without it the body holds records. */
  translate?: Translate;
  defaults: RecordDefaults;
};

export type RejectedItem = { index: number; status: number; code: string; detail: string; retryable: boolean; errors?: ErrorItem[] };

/**
 * What became of the request: `status` 202 all accepted, 207 some, 400 none (as AppError INVALID_RECORD instead). `receipt` is undefined
 * when no record was in it. `replayed` when an idempotency key answered it.
 */
export type AcceptAnswer = {
  status: 202 | 207;
  receipt: Receipt | undefined;
  accepted: number;
  rejected: number;
  items: RejectedItem[];
  replayed: boolean;
};
