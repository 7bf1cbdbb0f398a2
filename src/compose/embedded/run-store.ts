import { parentPort } from 'node:worker_threads';
import { errorToPlain } from '../../core/errors.ts';
import { buildStore } from './build-store.ts';
import { profileAll } from './profiles.ts';
import { serve } from './rpc.ts';
import { dataPaths } from './settings.ts';
import type { FromStore, StoreThreadData, ToStore } from './store-messages.ts';
import { trimHeap } from './trim-heap.ts';

/** After the start, when nobody waits for it. */
const trimAfterMs = 500;

/** Runs the stores on this thread until the front says stop; what cannot start is told to the front. */
export async function runStore(data: StoreThreadData): Promise<void> {
  const port = parentPort!;
  const post = (message: FromStore) => port.postMessage(message);
  const ended = Promise.withResolvers<void>();
  const profiled = data.profile ? profileAll(dataPaths(data.settings.dataDir).profiles, 'store', ended.promise) : undefined;
  try {
    const store = await buildStore(data, (partition, offset) => post({ released: { partition, offset } }));
    serve(port, store.api);
    port.on('message', async (message: ToStore) => {
      if ('ends' in message) store.advance(message.ends);
      else if ('stop' in message) {
        await store.stop(message.stop.commit);
        ended.resolve();
        await profiled;
        process.exit(0);
      }
    });
    store.start();
    post({ ready: true });
    setTimeout(trimHeap, trimAfterMs).unref();
  } catch (error) {
    post({ failed: errorToPlain(error) });
    process.exit(1);
  }
}
