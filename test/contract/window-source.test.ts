import { MemoryWindowSource } from '../../src/alerts/windows/memory-window-source.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { createStoreWindowSource } from '../../src/pipeline/evaluate/store-window-source.ts';
import { openStores } from '../store/stores.ts';
import { describeWindowSource } from './window-source.contract.ts';

describeWindowSource('memory', async () => {
  const source = new MemoryWindowSource();
  return { source, add: async (records) => source.add('logs', ...records), close: async () => {} };
});

// Half of the records are committed to files, the others are in a table.
describeWindowSource('the embedded store', async () => {
  const stores = openStores();
  const api = { aggregate: stores.search.aggregate.bind(stores.search), watermark: async () => ({ us: 0, latenessUs: 5e6 }) };
  const read = (records: StoredRecord[]) =>
    stores.read(
      0,
      records.map((record) => ({ offset: record.offset, tenant: record.tenant, observedUs: record.observed_timestamp, record })),
    );
  return {
    source: createStoreWindowSource({ storeOf: () => api }),
    async add(records) {
      const half = records.length >> 1;
      const batch = await read(records.slice(0, half));
      if (half > 0) await stores.commit(0, batch);
      await read(records.slice(half));
    },
    close: () => stores.deadLetters.close(),
  };
});
