import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { type Intervals, intervalsOf, noOffsets } from '../../core/intervals.ts';
import type { DeadLetters } from '../../core/ports/dead-letters.ts';
import type { Receipt } from '../../core/receipt.ts';
import type { WindowSettings } from '../../core/windows/window.ts';
import type { Expression } from '../../query/ast/expression.ts';
import { measured } from '../measure/measured.ts';
import type { Rollups } from '../measure/query-metrics.ts';
import type { Explained, ReceiptStatus, StorageTier, StoreApi, StoreStatus, TailSlice } from '../store-api.ts';
import type { LedgerBook } from './ledger.ts';
import type { PartitionProgress } from './progress.ts';
import { statusOf } from './receipts.ts';
import type { RedriveRequest, RedriveResult } from './redrive.ts';
import { always, type StoreSearch } from './search.ts';
import type { Sink } from './sink.ts';
import type { SourceFinder } from './sources.ts';
import { parseCursor, type Tails } from './tails.ts';
import { createWatermark } from './watermark.ts';

/** A partition with its sink and its account. */
export type StorePartition = { sink: Sink; progress: PartitionProgress };

export type StoreDeps = {
  /** Of the metrics, where they are made. */
  rollups?: Rollups | undefined;
  generation: number;
  partitions: StorePartition[];
  sources: SourceFinder;
  search: StoreSearch;
  ledger: LedgerBook;
  tails: Tails;
  deadLetters: DeadLetters;
  redrive(tenant: string, request: RedriveRequest): Promise<RedriveResult>;
  explain(tenant: string, raw: unknown): Explained;
  analytics(tenant: string, hour: string): Promise<Record<string, unknown> | undefined>;
  storage(tenant: string | undefined): Promise<StorageTier[]>;
  compact(all: boolean): Promise<{ read: number; written: number }>;
  profile(kind: 'cpu' | 'heap', seconds: number): Promise<string>;
  /** Resolves at the next progress of any sink, or after `ms`. */
  nextProgress(ms: number): Promise<void>;
  derived(): number;
  /** Why the sinks are halted, where they are. */
  halted(): string | undefined;
  windows: WindowSettings;
  clock: Clock;
};

/** Most records that a resumed tail brings from before it was resumed. */
const maxBacklog = 5_000;

/** The stores of one process, as the rest of the platform asks them. */
export function createStore(deps: StoreDeps): StoreApi {
  const { partitions, search, sources, ledger, tails, deadLetters, clock } = deps;

  const watermarkUs = createWatermark(
    partitions.map(({ sink }) => sink),
    clock,
  );
  const { latenessUs } = deps.windows;

  const progressOf = (receipt: Receipt): PartitionProgress => {
    const found = partitions[receipt.partition]?.progress;
    if (!found || receipt.generation !== deps.generation) {
      throw new AppError('NOT_FOUND', `receipt: there is no partition ${receipt.partition} of generation ${receipt.generation} here`);
    }
    return found;
  };
  const receiptStatus = async (receipt: Receipt) => statusOf(receipt, progressOf(receipt), deadLetters);

  return {
    search: (plan, signal) => search.search(plan, signal),
    aggregate: (plan, signal) => search.aggregate(plan, signal),
    metrics: (plan) => measured((searchPlan) => search.search(searchPlan), plan, deps.rollups),
    snapshot: async () => sources.snapshot(),
    record: (tenant, id) => search.record(tenant, id),
    services: (tenant, fromUs, toUs) => search.services(tenant, fromUs, toUs),
    fields: (tenant, fromUs, toUs) => search.fields(tenant, fromUs, toUs),
    ledger: (filter) => ledger.read(filter),
    receipt: receiptStatus,

    async waitFor(receipt, sink, timeoutMs): Promise<ReceiptStatus> {
      const progress = progressOf(receipt);
      const runs = intervalsOf(receipt.runs);
      const endMs = clock.monotonicMs() + timeoutMs;
      while (!(await progress.isClosed(runs, sink))) {
        const leftMs = endMs - clock.monotonicMs();
        if (leftMs <= 0) break;
        if (sink === 'warm') partitions[receipt.partition]!.sink.hurry();
        await deps.nextProgress(leftMs);
      }
      return receiptStatus(receipt);
    },

    explain: async (tenant, raw) => deps.explain(tenant, raw),

    async tail(id, tenant, where, cursor, timeoutMs): Promise<TailSlice> {
      if (!tails.has(id)) await openTail(deps, id, tenant, where, cursor);
      return tails.next(id, timeoutMs, clock.nowMs());
    },
    endTail: async (id) => tails.close(id),

    async deadLetters(tenant, { cause, limit = 100, after }) {
      const filter = { tenant, limit, ...(cause ? { cause } : {}), ...(after ? { after } : {}) };
      return { letters: await deadLetters.list(filter), groups: await deadLetters.groups(tenant) };
    },
    deadLetter: (tenant, id) => deadLetters.get(tenant, id),
    redrive: deps.redrive,
    async discardDeadLetter(tenant, id) {
      const letter = await deadLetters.get(tenant, id);
      return letter !== undefined && deadLetters.mark(id, 'dead', 'discarded', clock.nowMs());
    },

    analytics: deps.analytics,
    storage: deps.storage,
    status: () => statusNow(deps),
    watermark: async () => ({ us: watermarkUs(), latenessUs }),
    windows: (tenant, time) => search.windows({ tenant, time, ...deps.windows }),
    async flush() {
      await Promise.all(partitions.map(({ sink }) => sink.flush()));
    },
    profile: deps.profile,
    compact: deps.compact,
  };
}

/** Begins a tail: from now, or with what came since the cursor. */
async function openTail(
  { tails, search, partitions, generation, clock }: StoreDeps,
  id: string,
  tenant: string,
  where: Expression,
  cursor: string | undefined,
) {
  const now = new Map(partitions.map(({ sink }, partition) => [`${generation}.${partition}`, sink.cursor]));
  const from = cursor === undefined ? undefined : parseCursor(cursor);
  if (cursor !== undefined && !from)
    throw new AppError('INVALID_PARAMETER', `Last-Event-ID: "${cursor.slice(0, 100)}" is no position of a tail`);
  tails.open(id, tenant, where, now, clock.nowMs());
  if (!from) return;
  const positions = partitions.map(({ sink }, partition) => {
    const start = from.get(`${generation}.${partition}`) ?? sink.cursor;
    const offsets: Intervals = start < sink.cursor ? [[start, sink.cursor]] : noOffsets;
    return { partition, offsets };
  });
  const { records } = await search.search({ tenant, time: always, where, order: 'asc', limit: maxBacklog, positions });
  tails.prepend(id, records);
}

async function statusNow({ partitions, sources, deadLetters, derived, halted, clock }: StoreDeps): Promise<StoreStatus> {
  const rows = await Promise.all(
    partitions.map(async ({ sink, progress }, partition) => {
      const { warm } = await progress.counts();
      const oldestUs = progress.oldestOpenUs;
      const oldestOpenS = oldestUs === undefined ? 0 : Math.max(0, clock.nowMs() / 1_000 - oldestUs / 1e6);
      return { partition, end: sink.end, indexed: sink.cursor, committed: sink.end - warm.in_flight, open: warm.in_flight, oldestOpenS };
    }),
  );
  return {
    partitions: rows,
    tableRows: partitions.reduce((total, { sink }) => total + sink.open.reduce((n, batch) => n + batch.table.rows, 0), 0),
    files: await sources.fileCount(),
    deadLetters: await deadLetters.count(),
    derived: derived(),
    canary: { lastSeenMs: undefined, lagMs: undefined },
    halted: halted(),
  };
}
