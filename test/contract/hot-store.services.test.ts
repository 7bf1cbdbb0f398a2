import { afterAll, describe, test } from 'vitest';
import { dropAll, openHotStore } from '../opensearch/open-hot-store.ts';
import { services } from '../services/services.ts';
import { describeHotStore } from './hot-store.contract.ts';

const url = services().openSearch?.url;
const opened: ReturnType<typeof openHotStore>[] = [];

if (!url) test.skip('HotStore: OpenSearch: no node on this machine');
else {
  describe('on a node', () => {
    describeHotStore('OpenSearch', async () => {
      const store = openHotStore(url);
      opened.push(store);
      return store;
    });
    afterAll(async () => {
      for (const store of opened) await dropAll(store);
    });
  });
}
