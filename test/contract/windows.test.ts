import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { MemoryWarmStore } from '../../src/adapters/warm/memory/memory-warm-store.ts';
import { manualClock } from '../../src/core/clock.ts';
import { createStoredWindows } from '../../src/pipeline/aggregate/stored-windows.ts';
import { WindowWriter } from '../../src/pipeline/aggregate/window-writer.ts';
import { queryWindows } from '../../src/pipeline/query-windows.ts';
import { StepRunner } from '../../src/pipeline/run-steps.ts';
import { ample } from '../deliver/open-sinks.ts';
import { openStores } from '../store/stores.ts';
import { describeWindows, latencyKeys, latenessUs, type OpenWindows, type Placed } from './windows.contract.ts';

/** A store over memory; every second portion stays in its table, the others are committed. */
function overStore(read: (stores: ReturnType<typeof openStores>) => OpenWindows['read']) {
  return async (): Promise<OpenWindows> => {
    const stores = openStores();
    let portions = 0;
    return {
      async bring(records: Placed[]) {
        const fresh = records.filter(({ offset }) => offset >= stores.sinks[0]!.cursor);
        if (fresh.length === 0) return;
        const batch = await stores.read(
          0,
          fresh.map(({ offset, tenant, record }) => ({ offset, tenant, record, observedUs: record.observed_timestamp })),
        );
        if (portions++ % 2 === 0) await stores.commit(0, batch);
      },
      read: read(stores),
    };
  };
}

describeWindows(
  'from the rows of tables and files',
  overStore(
    ({ search }) =>
      (tenant, time) =>
        search.windows({ tenant, time, latenessUs, latencyKeys }),
  ),
);

describeWindows(
  'from aggregates of any store',
  overStore(
    ({ search }) =>
      (tenant, time) =>
        queryWindows((plan) => search.aggregate(plan), tenant, time, latenessUs),
  ),
  { latencies: 'no aggregate is a distribution that can be added up' },
);

/** The items of the aggregate sink, over a state in memory: each portion by a writer of its own, as by another process. */
async function overItems(): Promise<OpenWindows> {
  const state = new MemoryStateStore();
  const clock = manualClock();
  const runner = new StepRunner(state, new MemoryWarmStore());
  const at = { generation: 1, partitions: 1, latenessUs };
  const stored = createStoredWindows({ ...at, state, runner, clock, ranges: async () => [{ partition: 0, start: 0, end: 0 }] });
  return {
    async bring(records) {
      const deps = { runner, clock, windows: { latenessUs, latencyKeys } } as unknown as ConstructorParameters<typeof WindowWriter>[0];
      const writer = new WindowWriter(deps, 1, 0);
      for (const { offset, tenant, record } of records) {
        const batch = { tenant, observedUs: record.observed_timestamp } as Parameters<WindowWriter['add']>[0]['batch'];
        const position = { generation: 1, partition: 0, offset };
        writer.add({ outcome: { kind: 'keep', record }, item: { offset, record }, batch, position });
      }
      await writer.commit(ample, () => {});
    },
    read: stored.windows,
  };
}

describeWindows('kept by the aggregate sink', overItems);
