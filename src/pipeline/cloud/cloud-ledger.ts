import { firstGap, intersect, noOffsets, sizeOf, subtract, union } from '../../core/intervals.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { DropReason } from '../../core/record.ts';
import { minutesPrefixOf, type SinkName } from '../../core/warm/keys.ts';
import { type MinuteCounts, minuteOf, slotOf } from '../../core/warm/minutes.ts';
import { ledgerOf, type SinkHead } from '../../core/warm/progress.ts';
import type { Removed } from '../../core/warm/tenant-day.ts';
import type { TimeRange } from '../../query/plan.ts';
import { addCounts, addDropped, noCounts, sumOf, withoutRemoved } from '../store/ledger.ts';
import { parseLedgerLabel } from '../store/ledger-label.ts';
import type { Ledger, LedgerFilter, SinkCounts } from '../store-api.ts';

/** What a sink closed of one tenant's records of one minute in one partition. */
export type Cell = { accepted: number; dropped: Partial<Record<DropReason, number>>; dead: number };
type Cells = Map<string, { minute: number; tenant: string; cell: Cell }>;

const minuteUs = 60_000_000;
const maxMinutes = 1_440;

/** A minute's cell as both sinks have it: whichever is ahead has counted the accepted; what the other lacks of them is in flight there. */
export function accountOf(cell: Cell, accepted: number): SinkCounts {
  const { dropped, dead } = cell;
  return { done: cell.accepted - dead - sumOf(dropped), dead, dropped, in_flight: accepted - cell.accepted };
}

/** Reads the minute counts of one sink: by partition, minute and tenant. */
export async function readCells(state: StateStore, sink: SinkName, { fromUs, toUs }: TimeRange, only: string | undefined): Promise<Cells> {
  const cells: Cells = new Map();
  const prefix = minutesPrefixOf(sink);
  for (const { key, value } of await state.list<MinuteCounts>(prefix)) {
    const [slotText = '', ...partition] = key.slice(prefix.length).split('/');
    const slot = Number(slotText);
    if (slot < slotOf(fromUs) || slot > slotOf(toUs)) continue;
    for (const [label, row] of Object.entries(value)) {
      const { tenant, reason, mark } = parseLedgerLabel(label);
      if (only !== undefined && tenant !== only) continue;
      for (const [index, n] of row.entries()) {
        const minute = minuteOf(slot, index);
        if (n === 0 || minute < fromUs || minute >= toUs) continue;
        const name = `${partition.join('/')}/${minute}/${tenant}`;
        const found = cells.get(name) ?? { minute, tenant, cell: { accepted: 0, dropped: {}, dead: 0 } };
        cells.set(name, found);
        if (reason) found.cell.dropped = addDropped(found.cell.dropped, { [reason]: n });
        else if (mark) found.cell.dead += mark === 'dead' ? n : -n;
        else found.cell.accepted += n;
      }
    }
  }
  return cells;
}

export type CloudLedgerDeps = {
  state: StateStore;
  /** Heads of the present generation, by partition, with the end of its log. */
  partitions(): Promise<{ partition: number; end: number; hot: SinkHead; warm: SinkHead }[]>;
  generation: number;
  removed(): Promise<Removed[]>;
  holes(): Promise<Ledger['holes']>;
  /** Whose counts stand for the hot store: its own, or the warm store's where there is no hot one. */
  hotSink: SinkName;
  nowUs(): number;
};

const nothing: Cell = { accepted: 0, dropped: {}, dead: 0 };

/**
 * The accounting of two sinks. Without a tenant and a range it is the progress sets, held against the end of the log. By tenant or time, each
 * sink has counted what it closed by partition, minute and tenant, and the greater of the two counts is what was accepted: for each sink
 * `accepted = done + dropped + dead + in flight`, at any moment.
 */
export async function readLedger(deps: CloudLedgerDeps, { tenant, fromUs, toUs }: LedgerFilter): Promise<Ledger> {
  const range = {
    fromUs: Math.floor((fromUs ?? 0) / minuteUs) * minuteUs,
    toUs: Math.ceil((toUs ?? Number.MAX_SAFE_INTEGER) / minuteUs) * minuteUs,
  };
  const [hotCells, warmCells] = await Promise.all([
    readCells(deps.state, deps.hotSink, range, tenant),
    readCells(deps.state, 'warm', range, tenant),
  ]);
  let [accepted, hot, warm] = [0, noCounts, noCounts];
  const minutes = new Map<string, Ledger['minutes'][number]>();
  let oldestUs: number | undefined;
  for (const name of new Set([...hotCells.keys(), ...warmCells.keys()])) {
    const { minute, tenant: owner } = (hotCells.get(name) ?? warmCells.get(name))!;
    const [inHot, inWarm] = [hotCells.get(name)?.cell ?? nothing, warmCells.get(name)?.cell ?? nothing];
    const here = Math.max(inHot.accepted, inWarm.accepted);
    accepted += here;
    hot = addCounts(hot, accountOf(inHot, here));
    warm = addCounts(warm, accountOf(inWarm, here));
    if (inHot.accepted !== inWarm.accepted) oldestUs = Math.min(oldestUs ?? minute, minute);
    const row = minutes.get(`${minute}/${owner}`) ?? { minute, tenant: owner, accepted: 0 };
    minutes.set(`${minute}/${owner}`, { ...row, accepted: row.accepted + here });
  }
  const heads = await deps.partitions();
  const isWhole = tenant === undefined && fromUs === undefined && toUs === undefined;
  const sorted = [...minutes.values()].sort((a, b) => a.minute - b.minute || (a.tenant < b.tenant ? -1 : 1));
  return {
    ...(isWhole ? wholeOf(heads, await deps.removed(), deps.generation) : { accepted, hot, warm, partitions: [] }),
    oldest_in_flight_s: oldestUs === undefined ? null : Math.max(0, Math.round((deps.nowUs() - oldestUs) / 1e6)),
    minutes: sorted.slice(-maxMinutes),
    unattributed: heads.reduce((sum, head) => sum + head.end - sizeOf(union(head.hot.closed, head.warm.closed)), 0),
    holes: await deps.holes(),
  };
}

type Heads = Awaited<ReturnType<CloudLedgerDeps['partitions']>>;

function wholeOf(heads: Heads, removed: Removed[], generation: number): Pick<Ledger, 'accepted' | 'hot' | 'warm' | 'partitions'> {
  const partitions = heads.map(({ partition, end, hot, warm }) => {
    const gone = removed.filter((item) => item.generation === generation && item.partition === partition);
    return { partition, start: 0, end, hot: countsOf(hot, end), warm: withoutRemoved(countsOf(warm, end), gone) };
  });
  return {
    accepted: partitions.reduce((sum, { end }) => sum + end, 0),
    hot: partitions.map(({ hot }) => hot).reduce(addCounts, noCounts),
    warm: partitions.map(({ warm }) => warm).reduce(addCounts, noCounts),
    partitions,
  };
}

function countsOf(head: SinkHead, end: number): SinkCounts {
  const { done, dropped, dead, inFlight } = ledgerOf(head, end);
  return { done, dropped, dead, in_flight: inFlight };
}

/** The end of a log of which nothing newer is known than what was closed. */
export const endOf = (end: number, ...heads: SinkHead[]): number => Math.max(end, ...heads.map(({ closed }) => closed.at(-1)?.[1] ?? 0));

/** How far a sink has come without a gap. */
export const reached = ({ closed }: SinkHead): number => firstGap(closed);

/** The offsets below an end that a sink has not closed. */
export const openBelow = ({ closed }: SinkHead, end: number): number =>
  sizeOf(subtract([[0, end]], intersect(closed, [[0, end]]) ?? noOffsets));
