import { parentPort, workerData } from 'node:worker_threads';
import { buildStore } from './build-store.ts';
import { serve } from './rpc.ts';
import type { FromStore, StoreThreadData, ToStore } from './store-messages.ts';

const port = parentPort!;
const post = (message: FromStore) => port.postMessage(message);

try {
  const store = await buildStore(workerData as StoreThreadData, (partition, offset) => post({ released: { partition, offset } }));
  serve(port, store.api);
  port.on('message', async (message: ToStore) => {
    if ('ends' in message) store.advance(message.ends);
    else if ('stop' in message) {
      await store.stop(message.stop.commit);
      process.exit(0);
    }
  });
  store.start();
  post({ ready: true });
} catch (error) {
  post({ failed: error instanceof Error ? error.message : String(error) });
  throw error;
}
