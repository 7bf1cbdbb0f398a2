import type { DeadLetter } from '../core/ports/dead-letters.ts';
import type { Hole } from '../core/ports/queue.ts';
import type { Receipt } from '../core/receipt.ts';
import type { DropReason, Outcome, StoredRecord } from '../core/record.ts';
import type { Window } from '../core/windows/window.ts';
import type { Expression } from '../query/ast/expression.ts';
import type { AggregatePlan, Groups, SearchPlan, SeenResult, Snapshot, TimeRange } from '../query/plan.ts';
import type { MetricAnswer, MetricPlan } from './measure/query-metrics.ts';

/** Counts of one sink; `accepted = done + in_flight + dead + sum(dropped)`, always. */
export type SinkCounts = { done: number; in_flight: number; dead: number; dropped: Partial<Record<DropReason, number>> };

export type LedgerFilter = { tenant?: string; fromUs?: number; toUs?: number };

/** The accounting. Without a filter, of all offsets; `minutes` are observed minutes (epoch microseconds), newest last, at most 1,440. */
export type Ledger = {
  accepted: number;
  hot: SinkCounts;
  warm: SinkCounts;
  /** Seconds since the oldest open record was observed; null when nothing is in flight. */
  oldest_in_flight_s: number | null;
  partitions: { partition: number; start: number; end: number; hot: SinkCounts; warm: SinkCounts }[];
  minutes: { minute: number; tenant: string; accepted: number }[];
  /** Offsets no sink has read yet, so that their tenant is not known here. */
  unattributed: number;
  holes: Hole[];
};

/** Where the records of a receipt are in one sink. */
export type SinkState = ReceiptStatus['hot'];

export type ReceiptStatus = {
  records: number;
  hot: { done: number; in_flight: number; dead: number; dropped: number };
  warm: { done: number; in_flight: number; dead: number; dropped: number };
  /** Index of the record within the receipt, and why it is dead. */
  dead: { position: number; code: string }[];
};

export type ServiceSummary = {
  name: string;
  first_seen: number;
  last_seen: number;
  count: number;
  levels: Record<string, number>;
  error_rate: number;
};
export type FieldSummary = { name: string; types: string[]; count: number; top: { value: string | number | boolean; count: number }[] };

export type Explained = {
  record: Record<string, unknown>;
  steps: { verb: string; name: string; change: Record<string, unknown> }[];
  outcome: Outcome['kind'];
  reason?: string;
};

/** One slice of a live tail. `cursor` resumes after it; `missed` counts records left out because the reader was slow. */
export type TailSlice = { records: StoredRecord[]; cursor: string; missed: number };

export type StorageTier = { tier: 'memory' | 'level0' | 'compacted' | 'log' | 'analytics'; files: number; bytes: number; rows: number };

export type StoreStatus = {
  partitions: { partition: number; end: number; indexed: number; committed: number; open: number; oldestOpenS: number }[];
  tableRows: number;
  files: number;
  deadLetters: number;
  /** Summaries and hourly logs written since the thread started. */
  derived: number;
  canary: { lastSeenMs: number | undefined; lagMs: number | undefined };
  halted: string | undefined;
};

/**
 * How far windows are complete: every record observed before `us` (epoch microseconds) is counted in what is read after this was asked for. A window
 * is due once `us` has come to its end plus `latenessUs`; from then on only late records change it. Never goes back while a process runs.
 */
export type Watermark = { us: number; latenessUs: number };

/** What the rest of the platform asks of the stores. Embedded it crosses a thread; every argument and answer is plain data. */
export interface StoreApi {
  /** Stops when `signal` says that nobody waits any longer; what it found when its time or its bytes are spent is an answer with `reasons`. */
  search(plan: SearchPlan, signal?: AbortSignal): Promise<SeenResult>;
  aggregate(plan: AggregatePlan, signal?: AbortSignal): Promise<Groups>;
  /** Values of a metric over time; of the store of the metrics. */
  metrics(plan: MetricPlan): Promise<MetricAnswer>;
  /** Offsets below which records are visible now. */
  snapshot(): Promise<Snapshot>;
  record(tenant: string, id: string): Promise<StoredRecord | undefined>;
  services(tenant: string, fromUs: number, toUs: number): Promise<ServiceSummary[]>;
  fields(tenant: string, fromUs: number, toUs: number): Promise<FieldSummary[]>;
  ledger(filter: LedgerFilter): Promise<Ledger>;
  receipt(receipt: Receipt): Promise<ReceiptStatus>;
  /** Resolves when all of the receipt's records are closed in the sink, or when time runs out: whichever comes first. */
  waitFor(receipt: Receipt, sink: 'hot' | 'warm', timeoutMs: number): Promise<ReceiptStatus>;
  explain(tenant: string, raw: unknown): Promise<Explained>;
  /** Records that match, as they are indexed, from `cursor` on (or from now). The next slice, empty when `timeoutMs` passed. */
  tail(id: string, tenant: string, where: Expression, cursor: string | undefined, timeoutMs: number): Promise<TailSlice>;
  endTail(id: string): Promise<void>;
  deadLetters(
    tenant: string,
    filter: { cause?: string; limit?: number; after?: string },
  ): Promise<{ letters: DeadLetter[]; groups: { cause: string; count: number; sampleId: string }[] }>;
  deadLetter(tenant: string, id: string): Promise<DeadLetter | undefined>;
  redrive(
    tenant: string,
    request: { ids?: string[]; cause?: string; dryRun?: boolean; ratePerS?: number },
  ): Promise<{ matched: number; redriven: number; skipped: number }>;
  discardDeadLetter(tenant: string, id: string): Promise<boolean>;
  /** The hour's summary, `hour` as `2026-11-21T08`. */
  analytics(tenant: string, hour: string): Promise<Record<string, unknown> | undefined>;
  storage(tenant: string | undefined): Promise<StorageTier[]>;
  status(): Promise<StoreStatus>;
  /** How far everything that was observed is counted. */
  watermark(): Promise<Watermark>;
  /** The minutes of a tenant that begin in a range, by minute, service and level; what has no record is not there. */
  windows(tenant: string, time: TimeRange): Promise<Window[]>;
  /** Commits what is in memory; for shutdown, tests and benchmarks. */
  flush(): Promise<void>;
  /** Profiles the stores' thread; resolves to the file's path. */
  profile(kind: 'cpu' | 'heap', seconds: number): Promise<string>;
  /** Compacts what is due (or everything when `all`). */
  compact(all: boolean): Promise<{ read: number; written: number }>;
}
