import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ensure } from '../../src/adapters/hot/opensearch/bootstrap.ts';
import { templateName } from '../../src/adapters/hot/opensearch/cluster-documents.ts';
import { recordAt } from '../contract/hot-store.contract.ts';
import { services } from '../services/services.ts';
import { dropAll, openHotStore } from './open-hot-store.ts';

const url = services().openSearch?.url;
const shape = { shards: 1, replicas: 0, maxFields: 500, refreshInterval: '1s' };

describe.skipIf(!url)('bootstrap of OpenSearch', () => {
  test('twice is once, and says what the cluster lacks', async () => {
    const prefix = `t${randomBytes(6).toString('hex')}-`;
    const store = openHotStore(url!, { prefix, cells: 1 });
    try {
      const holders = { writer: ['w'], reader: [], keeper: [], people: [] };
      for (let turn = 0; turn < 2; turn++) {
        const done = await ensure(store.client, { prefix, shape, hotDays: 7, holders });
        expect(done.filter(({ state }) => state === 'written').map(({ what }) => what)).toEqual(['index template']);
        expect(done.filter(({ state }) => state === 'absent')).toHaveLength(9);
      }
      // An index that a bulk makes itself has our mapping too: the adapter takes it for its own.
      const name = `${prefix}logs.0of1.2026-11-21`;
      await store.client.json(
        'POST',
        '/_bulk',
        Buffer.from(`{"create":{"_index":"${name}","_id":"x"}}\n{"tenant":"other","attributes":{"a":"b"}}\n`),
      );
      expect((await store.write([recordAt(0)])).map(({ result }) => result)).toEqual(['stored']);
      const settings = await store.client.json<Record<string, { settings: { index: { mapping: unknown } } }>>('GET', `/${name}/_settings`);
      expect(settings[name]?.settings.index.mapping).toEqual({ total_fields: { limit: '500' } });
    } finally {
      await dropAll(store);
      await store.client.json('DELETE', `/_index_template/${templateName(prefix)}`, undefined, { accepted: [404] });
      await store.close();
    }
  });
});
