import { AppError } from '../../src/core/errors.ts';
import type { DeadLetter } from '../../src/core/ports/dead-letters.ts';
import type { Receipt } from '../../src/core/receipt.ts';
import { levels, type StoredRecord } from '../../src/core/record.ts';
import { measured } from '../../src/pipeline/measure/measured.ts';
import { queryWindows } from '../../src/pipeline/query-windows.ts';
import type { Ledger, ReceiptStatus, SinkCounts, StoreApi, TailSlice } from '../../src/pipeline/store-api.ts';
import { allOf, type Expression, everything } from '../../src/query/ast/expression.ts';
import { aggregateRecords } from '../../src/query/compile/scan/aggregate.ts';
import { matcherOf } from '../../src/query/compile/scan/matcher.ts';
import { searchRecords } from '../../src/query/compile/scan/search.ts';
import type { ReadStats, SearchPlan } from '../../src/query/plan.ts';

/** `append` shows it records as they leave the queue, in the order of their offsets. */
export type ArrayStore = StoreApi & { append(records: StoredRecord[]): void };

const generation = 1;
const partition = 0;

/** A store over an array: every query is answered by the plain evaluator that every engine must agree with. Records are done in both stores at once. */
export function arrayStore(): ArrayStore {
  const records: StoredRecord[] = [];
  const letters: DeadLetter[] = [];
  const tails = new Map<string, { next: number; wake: () => void }>();

  const own = (tenant: string | undefined) => (tenant === undefined ? records : records.filter((record) => record.tenant === tenant));
  const within = (tenant: string, fromUs: number, toUs: number) =>
    own(tenant).filter(({ timestamp }) => timestamp >= fromUs && timestamp < toUs);
  const stats = (): ReadStats => ({ files: 0, filesPruned: 0, pages: 0, pagesPruned: 0, bytes: 0, rows: records.length });
  const statusOf = ({ runs }: Receipt): ReceiptStatus => {
    const count = runs.reduce((sum, [from, to]) => sum + to - from, 0);
    const closed = { done: count, in_flight: 0, dead: 0, dropped: 0 };
    return { records: count, hot: closed, warm: closed, dead: [] };
  };

  return {
    append: (fresh) => {
      records.push(...fresh);
      for (const tail of tails.values()) tail.wake();
    },
    search: async (plan: SearchPlan) => {
      const snapshot = plan.snapshot ?? { [partition]: records.length };
      return { records: searchRecords(records, { ...plan, snapshot }), stats: stats(), snapshot };
    },
    metrics: (plan) =>
      measured(async (points) => {
        const snapshot = { [partition]: records.length };
        return { records: searchRecords(records, { ...points, snapshot }), stats: stats() };
      }, plan),
    aggregate: async (plan) => ({ rows: aggregateRecords(records, plan), truncated: false, stats: stats() }),
    snapshot: async () => ({ [partition]: records.length }),
    record: async (tenant, id) => own(tenant).find((record) => record.id === id),
    services: async (tenant, fromUs, toUs) =>
      [...Map.groupBy(within(tenant, fromUs, toUs), ({ service }) => service)].map(([name, of]) => {
        const count = of.length;
        const perLevel = levels.map((level) => [level, of.filter((record) => record.level === level).length] as const);
        const byLevel = Object.fromEntries(perLevel.filter(([, n]) => n > 0));
        const times = of.map(({ timestamp }) => timestamp);
        const errors = (byLevel.error ?? 0) + (byLevel.fatal ?? 0);
        return { name, first_seen: Math.min(...times), last_seen: Math.max(...times), count, levels: byLevel, error_rate: errors / count };
      }),
    fields: async (tenant, fromUs, toUs) => {
      const seen = Map.groupBy(
        within(tenant, fromUs, toUs).flatMap(({ service, level, attributes }) => Object.entries({ service, level, ...attributes })),
        ([name]) => name,
      );
      return [...seen].map(([name, pairs]) => {
        const top = [...Map.groupBy(pairs, ([, value]) => value)].map(([value, same]) => ({ value, count: same.length }));
        const types = [...new Set(pairs.map(([, value]) => typeof value))];
        return { name, types, count: pairs.length, top: top.sort((a, b) => b.count - a.count).slice(0, 10) };
      });
    },
    ledger: async ({ tenant }): Promise<Ledger> => {
      const accepted = own(tenant).length;
      const counts: SinkCounts = { done: accepted, in_flight: 0, dead: 0, dropped: {} };
      const ends = { partition, start: 0, end: records.length, hot: counts, warm: counts };
      return { accepted, hot: counts, warm: counts, oldest_in_flight_s: null, partitions: [ends], minutes: [], unattributed: 0, holes: [] };
    },
    receipt: async (receipt) => statusOf(receipt),
    waitFor: async (receipt) => statusOf(receipt),
    explain: async (_tenant, raw) => ({ record: raw as Record<string, unknown>, steps: [], outcome: 'keep' }),
    tail: (id, tenant, where, cursor, timeoutMs) => nextSlice(records, tails, { id, tenant, where, cursor, timeoutMs }),
    endTail: async (id) => {
      tails.get(id)?.wake();
      tails.delete(id);
    },
    deadLetters: async (tenant, { cause, limit = 100, after = '' }) => {
      const of = letters.filter((letter) => letter.tenant === tenant && (cause === undefined || letter.cause === cause));
      const groups = [...Map.groupBy(of, (letter) => letter.cause)].map(([name, same]) => ({
        cause: name,
        count: same.length,
        sampleId: same[0]!.id,
      }));
      return { letters: of.filter(({ id }) => id > after).slice(0, limit), groups };
    },
    deadLetter: async (tenant, id) => letters.find((letter) => letter.tenant === tenant && letter.id === id),
    redrive: async (tenant, { ids, cause }) => {
      const matched = letters.filter((letter) => letter.tenant === tenant && (ids?.includes(letter.id) || letter.cause === cause)).length;
      return { matched, redriven: 0, skipped: matched };
    },
    discardDeadLetter: async (tenant, id) => letters.some((letter) => letter.tenant === tenant && letter.id === id),
    analytics: async (tenant, hour) => {
      const fromUs = Date.parse(`${hour}:00:00Z`) * 1000;
      const of = within(tenant, fromUs, fromUs + 3600e6);
      if (of.length === 0) return undefined;
      const by = (key: 'service' | 'level') =>
        Object.fromEntries([...Map.groupBy(of, (record) => record[key])].map(([name, same]) => [name, same.length]));
      return { hour, total: of.length, by_service: by('service'), by_level: by('level'), by_path: {}, by_user_agent: {} };
    },
    storage: async (tenant) => [{ tier: 'memory', files: 0, bytes: 0, rows: own(tenant).length }],
    status: async () => ({
      partitions: [{ partition, end: records.length, indexed: records.length, committed: records.length, open: 0, oldestOpenS: 0 }],
      tableRows: records.length,
      files: 0,
      deadLetters: letters.length,
      derived: 0,
      canary: { lastSeenMs: undefined, lagMs: undefined },
      halted: undefined,
    }),
    watermark: async () => ({ us: Date.now() * 1_000, latenessUs: 5_000_000 }),
    windows: (tenant, time) =>
      queryWindows(async (plan) => ({ rows: aggregateRecords(records, plan), truncated: false, stats: stats() }), tenant, time, 5_000_000),
    flush: async () => {},
    profile: async (kind) => `store.${kind}profile`,
    compact: async () => ({ read: 0, written: 0 }),
  };
}

type TailRequest = { id: string; tenant: string; where: Expression; cursor: string | undefined; timeoutMs: number };

async function nextSlice(
  records: StoredRecord[],
  tails: Map<string, { next: number; wake: () => void }>,
  request: TailRequest,
): Promise<TailSlice> {
  const { id, tenant, where, cursor, timeoutMs } = request;
  const tail = tails.get(id) ?? { next: cursor === undefined ? records.length : cursorOffset(cursor), wake: () => {} };
  tails.set(id, tail);
  const matches = matcherOf(allOf(where, everything));
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const fresh = records.slice(tail.next).filter((record) => record.tenant === tenant && matches(record));
    tail.next = records.length;
    const leftMs = deadline - performance.now();
    if (fresh.length > 0 || leftMs <= 0 || !tails.has(id))
      return { records: fresh, cursor: `${generation}.${partition}.${tail.next}`, missed: 0 };
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, leftMs);
      tail.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function cursorOffset(cursor: string): number {
  const [, offset] = /^\d+\.\d+\.(\d+)$/.exec(cursor) ?? [];
  if (offset === undefined)
    throw new AppError('INVALID_PARAMETER', 'last-event-id: it is no position of this tail; begin again without one');
  return Number(offset);
}
