import { type Intervals, includes, sameIntervals, sizeOf, subtract } from '../../core/intervals.ts';
import type { DeadLetter, DeadLetters } from '../../core/ports/dead-letters.ts';
import type { Hole } from '../../core/ports/queue.ts';
import type { DropReason } from '../../core/record.ts';
import type { Removed } from '../../core/warm/tenant-day.ts';
import type { TimeRange } from '../../query/plan.ts';
import type { Catalogue, MinuteRow } from '../catalogue.ts';
import type { Ledger, LedgerFilter, SinkCounts } from '../store-api.ts';
import { parseLedgerLabel } from './ledger-label.ts';
import type { OpenBatch } from './open-batch.ts';
import type { PartitionProgress } from './progress.ts';

const minuteUs = 60_000_000;
const maxMinutes = 1_440;

export type LedgerDeps = {
  catalogue: Catalogue;
  deadLetters: DeadLetters;
  progress: PartitionProgress[];
  /** Offsets that no sink has read yet. */
  unread(): number;
  holes(): Hole[];
  nowUs(): number;
};

/** What the counts by tenant and minute are made from. `closed` is what the head of the batch's partition had closed. */
type Moment = {
  rows: MinuteRow[];
  open: { batch: OpenBatch; closed: Intervals }[];
  deadCommitted: number;
  deadOpen: number;
};

type Minute = { minute: number; tenant: string; accepted: number; dropped: Partial<Record<DropReason, number>> };

/**
 * The accounting. Without a tenant and a range it is the progress sets themselves, held against the end of the log. By tenant or time it is the
 * same offsets by the minute and tenant that accept saw, counted by the commit that closed them.
 */
export class LedgerBook {
  readonly #deps: LedgerDeps;

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  async read({ tenant, fromUs, toUs }: LedgerFilter): Promise<Ledger> {
    const range = {
      fromUs: Math.floor((fromUs ?? 0) / minuteUs) * minuteUs,
      toUs: Math.ceil((toUs ?? Number.MAX_SAFE_INTEGER) / minuteUs) * minuteUs,
    };
    const moment = await this.#moment(range, tenant);
    const committed = minutesOf(moment.rows, tenant);
    const open = minutesOf(openRows(moment.open, range), tenant);
    const minutes = [...sum([...committed, ...open]).values()].sort((a, b) => a.minute - b.minute || (a.tenant < b.tenant ? -1 : 1));
    const isWhole = tenant === undefined && fromUs === undefined && toUs === undefined;
    const counts = isWhole ? await this.#ofPartitions() : ofMinutes(committed, open, moment);
    const oldest = moment.open.length > 0 ? Math.min(...moment.open.map(({ batch }) => batch.firstObservedUs)) : undefined;
    return {
      ...counts,
      oldest_in_flight_s: oldest === undefined ? null : Math.max(0, Math.round((this.#deps.nowUs() - oldest) / 1e6)),
      minutes: minutes.slice(-maxMinutes).map((row) => ({ minute: row.minute, tenant: row.tenant, accepted: row.accepted })),
      unattributed: this.#deps.unread(),
      holes: this.#deps.holes(),
    };
  }

  /** Everything that is counted as of one moment: read again when something was committed in between. */
  async #moment({ fromUs, toUs }: TimeRange, tenant: string | undefined): Promise<Moment> {
    const { progress, catalogue, deadLetters } = this.#deps;
    for (;;) {
      const batches = progress.map(({ open }) => open);
      const closed = await Promise.all(progress.map((partition) => partition.closed()));
      const rows = await catalogue.minutes(fromUs, toUs);
      const letters = await deadLetters.list({ ...(tenant ? { tenant } : {}), limit: 1_000_000 });
      const after = await Promise.all(progress.map((partition) => partition.closed()));
      if (!after.every((set, i) => sameIntervals(set, closed[i]!))) continue;
      const open = batches.flatMap((of, i) => of.map((batch) => ({ batch, closed: closed[i]! })));
      const dead = letters.filter(({ state, observedUs }) => state !== 'redriven' && observedUs >= fromUs && observedUs < toUs);
      // Letters of former generations of the queue were committed, or their records are in no count.
      const isFormer = ({ position }: DeadLetter) => progress.every(({ generation }) => position.generation < generation);
      const isOf = ({ position }: DeadLetter, i: number) =>
        position.partition === progress[i]!.partition && position.generation === progress[i]!.generation;
      return {
        rows,
        open,
        deadCommitted: dead.filter(
          (letter) => isFormer(letter) || closed.some((set, i) => isOf(letter, i) && includes(set, letter.position.offset)),
        ).length,
        deadOpen: dead.filter((letter) =>
          batches.some(
            (of, i) => isOf(letter, i) && of.some(({ dead: set }) => includes(subtract(set, closed[i]!), letter.position.offset)),
          ),
        ).length,
      };
    }
  }

  async #ofPartitions(): Promise<Pick<Ledger, 'accepted' | 'hot' | 'warm' | 'partitions'>> {
    const removed = await this.#deps.catalogue.removed();
    const partitions = await Promise.all(
      this.#deps.progress.map(async (progress) => {
        const counts = await progress.counts();
        const gone = removed.filter(({ generation, partition }) => generation === progress.generation && partition === progress.partition);
        const [end, hot, warm] = [counts.end, withoutRemoved(counts.hot, gone), withoutRemoved(counts.warm, gone)];
        return { partition: progress.partition, start: 0, end, hot, warm };
      }),
    );
    return {
      accepted: partitions.reduce((total, { end }) => total + end, 0),
      hot: partitions.map(({ hot }) => hot).reduce(addCounts, noCounts),
      warm: partitions.map(({ warm }) => warm).reduce(addCounts, noCounts),
      partitions,
    };
  }
}

/** Takes rows that a rewrite left out (a lower position has their client id, or they were erased) from what is done. */
export function withoutRemoved(counts: SinkCounts, removed: Removed[]): SinkCounts {
  const sum = (of: 'duplicate' | 'erased') => removed.reduce((total, item) => total + item[of], 0);
  const [duplicate, erased] = [sum('duplicate'), sum('erased')];
  if (duplicate + erased === 0) return counts;
  return { ...counts, done: counts.done - duplicate - erased, dropped: addDropped(counts.dropped, { duplicate, erased }) };
}

/** The counts by tenant and minute: what is done is what is neither dropped nor dead nor in flight. */
function ofMinutes(
  committed: Minute[],
  open: Minute[],
  { deadCommitted, deadOpen }: Moment,
): Pick<Ledger, 'accepted' | 'hot' | 'warm' | 'partitions'> {
  const total = (rows: Minute[]) => rows.reduce((n, row) => n + row.accepted, 0);
  const [closed, waiting] = [total(committed), total(open)];
  const account = (rows: Minute[], dead: number, inFlight: number): SinkCounts => {
    const dropped = rows.map((row) => row.dropped).reduce(addDropped, {});
    return { done: closed + waiting - dead - sumOf(dropped) - inFlight, in_flight: inFlight, dead, dropped };
  };
  return {
    accepted: closed + waiting,
    hot: account([...committed, ...open], deadCommitted + deadOpen, 0),
    warm: account(committed, deadCommitted, waiting),
    partitions: [],
  };
}

function minutesOf(rows: MinuteRow[], only: string | undefined): Minute[] {
  const found: Minute[] = [];
  for (const row of rows) {
    const { tenant, reason, mark } = parseLedgerLabel(row.tenant);
    if (mark || (only !== undefined && tenant !== only)) continue;
    const { minute, accepted: n } = row;
    found.push(reason ? { minute, tenant, accepted: 0, dropped: { [reason]: n } } : { minute, tenant, accepted: n, dropped: {} });
  }
  return found;
}

export const noCounts: SinkCounts = { done: 0, in_flight: 0, dead: 0, dropped: {} };
export const sumOf = (dropped: SinkCounts['dropped']) => Object.values(dropped).reduce((total, n) => total + n, 0);

export function addCounts(a: SinkCounts, b: SinkCounts): SinkCounts {
  return { done: a.done + b.done, in_flight: a.in_flight + b.in_flight, dead: a.dead + b.dead, dropped: addDropped(a.dropped, b.dropped) };
}

export function addDropped(a: SinkCounts['dropped'], b: SinkCounts['dropped']): SinkCounts['dropped'] {
  const out = { ...a };
  for (const [reason, n] of Object.entries(b) as [DropReason, number][]) out[reason] = (out[reason] ?? 0) + n;
  return out;
}

function sum(rows: Minute[]): Map<string, Minute> {
  const sums = new Map<string, Minute>();
  for (const row of rows) {
    const key = `${row.minute}/${row.tenant}`;
    const before = sums.get(key);
    sums.set(key, before ? { ...before, accepted: before.accepted + row.accepted, dropped: addDropped(before.dropped, row.dropped) } : row);
  }
  return sums;
}

/** What of the open batches is not committed, by tenant and minute. */
function openRows(open: Moment['open'], { fromUs, toUs }: TimeRange): MinuteRow[] {
  return open.flatMap(({ batch, closed }) =>
    batch.minutes
      .filter(({ minute }) => minute >= fromUs && minute < toUs)
      .map(({ tenant, minute, offsets }) => ({ tenant, minute, accepted: sizeOf(subtract(offsets, closed)) })),
  );
}
