import type { DeadLetters } from '../../core/ports/dead-letters.ts';
import type { Hole } from '../../core/ports/queue.ts';
import type { DropReason } from '../../core/record.ts';
import type { Removed } from '../../core/warm/tenant-day.ts';
import type { Catalogue } from '../catalogue.ts';
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
  /** Every batch that is not committed. */
  open(): OpenBatch[];
  /** Offsets that no sink has read yet. */
  unread(): number;
  holes(): Hole[];
  nowUs(): number;
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
    const { rows, openBatches } = await this.#consistent(range);
    const committed = this.#minutesOf(rows, tenant);
    const open = this.#minutesOf(rowsOf(openBatches, range), tenant);
    const minutes = [...sum([...committed, ...open]).values()].sort((a, b) => a.minute - b.minute || (a.tenant < b.tenant ? -1 : 1));
    const isWhole = tenant === undefined && fromUs === undefined && toUs === undefined;
    const counts = isWhole ? await this.#ofPartitions() : await this.#ofMinutes(committed, open, tenant, range);
    const oldest = openBatches.length > 0 ? Math.min(...openBatches.map((batch) => batch.firstObservedUs)) : undefined;
    return {
      ...counts,
      oldest_in_flight_s: oldest === undefined ? null : Math.max(0, Math.round((this.#deps.nowUs() - oldest) / 1e6)),
      minutes: minutes.slice(-maxMinutes).map((row) => ({ minute: row.minute, tenant: row.tenant, accepted: row.accepted })),
      unattributed: this.#deps.unread(),
      holes: this.#deps.holes(),
    };
  }

  /** The committed minutes and the batches that are not in them: read again when a batch was committed in between. */
  async #consistent({ fromUs, toUs }: { fromUs: number; toUs: number }) {
    for (;;) {
      const openBatches = this.#deps.open();
      const rows = await this.#deps.catalogue.minutes(fromUs, toUs);
      const after = this.#deps.open();
      if (openBatches.every((batch) => after.includes(batch))) return { rows, openBatches };
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

  async #ofMinutes(
    committed: Minute[],
    open: Minute[],
    tenant: string | undefined,
    range: { fromUs: number; toUs: number },
  ): Promise<Pick<Ledger, 'accepted' | 'hot' | 'warm' | 'partitions'>> {
    const letters = await this.#deps.deadLetters.list({ ...(tenant ? { tenant } : {}), state: 'dead', limit: 1_000_000 });
    const dead = letters.filter(({ observedUs }) => observedUs >= range.fromUs && observedUs < range.toUs);
    const inMemory = new Set(this.#deps.open().flatMap((batch) => batch.dead.flatMap(([from, to]) => range_(from, to))));
    const deadInMemory = dead.filter(({ position }) => inMemory.has(position.offset)).length;
    const total = (rows: Minute[]) => rows.reduce((n, row) => n + row.accepted, 0);
    const [closed, waiting] = [total(committed), total(open)];
    const account = (accepted: number, rows: Minute[], deadHere: number, inFlight: number): SinkCounts => {
      const dropped = rows.map((row) => row.dropped).reduce(addDropped, {});
      return { done: accepted - deadHere - sumOf(dropped) - inFlight, in_flight: inFlight, dead: deadHere, dropped };
    };
    return {
      accepted: closed + waiting,
      hot: account(closed + waiting, [...committed, ...open], dead.length, 0),
      warm: account(closed + waiting, committed, dead.length - deadInMemory, waiting),
      partitions: [],
    };
  }

  #minutesOf(rows: { minute: number; tenant: string; accepted: number }[], only: string | undefined): Minute[] {
    const found: Minute[] = [];
    for (const row of rows) {
      const { tenant, reason } = parseLedgerLabel(row.tenant);
      if (only !== undefined && tenant !== only) continue;
      const { minute, accepted: n } = row;
      found.push(reason ? { minute, tenant, accepted: 0, dropped: { [reason]: n } } : { minute, tenant, accepted: n, dropped: {} });
    }
    return found;
  }
}

/** Takes rows that a rewrite left out (a lower position has their client id, or they were erased) from what is done. */
function withoutRemoved(counts: SinkCounts, removed: Removed[]): SinkCounts {
  const sum = (of: 'duplicate' | 'erased') => removed.reduce((total, item) => total + item[of], 0);
  const [duplicate, erased] = [sum('duplicate'), sum('erased')];
  if (duplicate + erased === 0) return counts;
  return { ...counts, done: counts.done - duplicate - erased, dropped: addDropped(counts.dropped, { duplicate, erased }) };
}

const noCounts: SinkCounts = { done: 0, in_flight: 0, dead: 0, dropped: {} };
const range_ = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const sumOf = (dropped: SinkCounts['dropped']) => Object.values(dropped).reduce((total, n) => total + n, 0);

function addCounts(a: SinkCounts, b: SinkCounts): SinkCounts {
  return { done: a.done + b.done, in_flight: a.in_flight + b.in_flight, dead: a.dead + b.dead, dropped: addDropped(a.dropped, b.dropped) };
}

function addDropped(a: SinkCounts['dropped'], b: SinkCounts['dropped']): SinkCounts['dropped'] {
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

function rowsOf(batches: OpenBatch[], { fromUs, toUs }: { fromUs: number; toUs: number }) {
  return batches
    .flatMap((batch) => batch.minutes)
    .filter(({ minute }) => minute >= fromUs && minute < toUs)
    .map(({ tenant, minute, offsets }) => ({ tenant, minute, accepted: offsets.reduce((n, [from, to]) => n + to - from, 0) }));
}
