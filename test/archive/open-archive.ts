import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { MemoryWarmStore } from '../../src/adapters/warm/memory/memory-warm-store.ts';
import { aggregate } from '../../src/columnar/aggregate.ts';
import type { EncodedPart } from '../../src/columnar/directory.ts';
import { encodeTable } from '../../src/columnar/encode.ts';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { openPart } from '../../src/columnar/part.ts';
import { search } from '../../src/columnar/search.ts';
import type { SourceRef } from '../../src/columnar/sources.ts';
import { Table } from '../../src/columnar/table.ts';
import { manualClock } from '../../src/core/clock.ts';
import type { Intervals } from '../../src/core/intervals.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { DropReason, LogRecord } from '../../src/core/record.ts';
import type { MinuteOffsets } from '../../src/core/warm/minutes.ts';
import { createArchive } from '../../src/pipeline/archive.ts';
import { createCatalogue } from '../../src/pipeline/catalogue.ts';
import { type CompactOptions, createCompactor } from '../../src/pipeline/compact.ts';
import { StepRunner } from '../../src/pipeline/run-steps.ts';
import { everything } from '../../src/query/ast/expression.ts';
import type { AggregatePlan, SearchPlan } from '../../src/query/plan.ts';

export const hourMs = 3_600_000;
export const startMs = Date.parse('2026-11-21T08:00:00Z');

export type Given = Partial<LogRecord> & { tenant?: string };

export function recordOf(offset: number, { tenant: _, ...more }: Given = {}): LogRecord {
  const timestamp = startMs * 1000 + offset * 1_000_000;
  return {
    timestamp,
    timestamp_ns: 0,
    observed_timestamp: timestamp,
    level: 'info',
    severity: 9,
    service: 'api',
    env: undefined,
    host: undefined,
    message: `record ${offset}`,
    trace_id: undefined,
    span_id: undefined,
    attributes: { path: `/p${offset % 2}` },
    client_id: undefined,
    ...more,
  };
}

export function encode(offsets: Iterable<number>, give: (offset: number) => Given): EncodedPart | undefined {
  const table = new Table();
  for (const offset of offsets) {
    const given = give(offset);
    table.add(given.tenant ?? 'acme', { generation: 0, partition: 0, offset }, recordOf(offset, given));
  }
  if (table.rows === 0) return undefined;
  const steps = encodeTable(table);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** The archive over stores in memory, with a clock that the test owns. */
export function openArchive(options: Partial<CompactOptions> = {}) {
  const state = new MemoryStateStore();
  const warm = new MemoryWarmStore();
  const clock = manualClock(startMs);
  const runner = new StepRunner(state, warm);
  const archive = createArchive({ runner });
  const catalogue = createCatalogue({ runner, state });
  const cache = new PageCache();
  const compactor = createCompactor({ runner, catalogue, warm, cache, clock, log: silentLog, options });

  const refs = async (tenant: string, fromUs: number, toUs: number): Promise<SourceRef[]> => {
    const { files } = await catalogue.snapshot(tenant, { fromUs, toUs });
    const ref = async ({ file, only, time }: (typeof files)[number]): Promise<SourceRef> => {
      const source = await openPart(await warm.open(file), cache);
      return { source, ...(only ? { only } : {}), ...(time ? { time } : {}) };
    };
    return Promise.all(files.map(ref));
  };
  const searchPlan = async (plan: SearchPlan) => search(await refs(plan.tenant, plan.time.fromUs, plan.time.toUs), plan);
  const aggregatePlan = async (plan: AggregatePlan) => aggregate(await refs(plan.tenant, plan.time.fromUs, plan.time.toUs), plan);

  async function commit(done: Intervals, more: Commit = {}) {
    const { give = () => ({}), dropped = {}, dead = [], redrive = false, minutes = [] } = more;
    const part = encode(
      done.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i)),
      give,
    );
    return archive.commit({ generation: 0, partition: 0, part, done, dropped, dead, minutes, redrive });
  }

  /** The offsets that a search of everything finds, each as often as it finds it. */
  async function visible(tenant = 'acme'): Promise<number[]> {
    const time = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER };
    const { records } = await searchPlan({ tenant, time, where: everything, order: 'asc', limit: 100_000 });
    return records.map(({ offset }) => offset).sort((a, b) => a - b);
  }
  return { state, warm, clock, runner, archive, catalogue, compactor, commit, visible, search: searchPlan, aggregate: aggregatePlan };
}

export type Commit = {
  give?: (offset: number) => Given;
  dropped?: Partial<Record<DropReason, Intervals>>;
  dead?: Intervals;
  redrive?: boolean;
  minutes?: MinuteOffsets[];
};

export const upTo = (end: number, from = 0): number[] => Array.from({ length: end - from }, (_, i) => from + i);
