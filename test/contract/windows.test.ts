import { queryWindows } from '../../src/pipeline/query-windows.ts';
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
