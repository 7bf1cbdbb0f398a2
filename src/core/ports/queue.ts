import type { DropReason, Position } from '../record.ts';

/** Values that records of one request take where they name none: the query parameters of the same names. */
export type RecordDefaults = { service?: string; env?: string; host?: string };

/**
 * The accepted records of one request as they are appended: the body as it was received (decoded, masked in place), not stringified again.
 * A record takes one offset each, in the order in which it stands in the payload; records that were rejected take none.
 */
export type RawBatch = {
  tenant: string;
  /** When accept saw the request: epoch microseconds. */
  observedUs: number;
  /** `json`: one object or an array of them. `ndjson`: an object a line; blank lines are no records. UTF-8. */
  format: 'json' | 'ndjson';
  payload: Uint8Array;
  /** How many records the payload holds, rejected ones included. */
  total: number;
  /** Bit i (lowest bit of byte 0 first) tells whether record i was accepted; `undefined` when all were. */
  accepted: Uint8Array | undefined;
  /** How many were accepted: the number of offsets taken. At least 1. */
  count: number;
  defaults: RecordDefaults;
  requestId: string;
  /** Version of the process rules these records are to be processed with, so that all sinks decide alike. */
  rulesVersion: number;
  /** Settles a repeat of the same request; see `Queue.find`. */
  idempotency: { key: string; bodyHmac: Uint8Array } | undefined;
};

/** A batch as it is read back, with the position of its first accepted record. */
export type QueueBatch = RawBatch & { generation: number; partition: number; baseOffset: number };

/** What an append took: `count` offsets of one partition, as ascending runs `[from, to)`; several where it went in several chunks. */
export type Appended = { generation: number; partition: number; runs: [from: number, to: number][]; count: number };

/** What is known of an idempotency key: the request it was first used for. */
export type KnownRequest = Appended & { bodyHmac: Uint8Array; total: number; accepted: Uint8Array | undefined };

/** Offsets that were accepted once and cannot be read any more, and why. */
export type Hole = { partition: number; from: number; to: number; reason: DropReason; detail: string };

/** The offsets of one partition: `[start, end)` are kept; `end` is the next to be given. Below `start`, retention has removed them. */
export type PartitionRange = { partition: number; start: number; end: number };

/** The durable, ordered queue of one raw topic, as accept sees it. */
export interface Queue {
  readonly partitions: number;
  readonly generation: number;
  /**
   * Appends one request's records to one partition, in their order; resolves when all are durable. Where it throws, none or some may be.
   * A queue that several processes share settles idempotency keys here: only one of them appends for a key at a time, and what an earlier
   * attempt left is completed, not repeated.
   * @throws AppError DISK_FULL, QUEUE_UNAVAILABLE (the outcome may then be unknown), SHUTTING_DOWN, RATE_LIMITED, BODY_TOO_LARGE,
   * IDEMPOTENCY_IN_FLIGHT, IDEMPOTENCY_MISMATCH
   */
  append(partition: number, batch: RawBatch): Promise<Appended>;
  /** The request that used this tenant's idempotency key within the last 24 hours, also across a restart. */
  find(tenant: string, key: string): Promise<KnownRequest | undefined>;
  ranges(): Promise<PartitionRange[]>;
  holes(): Promise<Hole[]>;
  /** Tells that every sink has closed all offsets below `offset`; the queue may remove them as its retention says. Never an open one unless size forces it. */
  release(partition: number, offset: number): Promise<void>;
  close(): Promise<void>;
}

/** The queue as a sink reads it. Reads only what is durable. */
export interface QueueReader {
  /**
   * Reads whole batches that hold offsets from `offset` on (the first may begin below it), at most about `maxBytes` of payload but at least
   * one batch when there is one. Empty at the end. Offsets inside a hole are skipped: the next batch begins beyond it.
   */
  read(partition: number, offset: number, maxBytes: number): Promise<QueueBatch[]>;
  close(): Promise<void>;
}

export type PartitionEnd = Pick<Position, 'generation' | 'partition'> & { end: number };
