import { parentPort } from 'node:worker_threads';
import { AppError, errorToPlain } from '../../core/errors.ts';
import type { Signal } from '../../core/signal.ts';
import { type BuiltStore, buildStore } from './build-store.ts';
import { profileAll } from './profiles.ts';
import { serve } from './rpc.ts';
import { dataPaths } from './settings.ts';
import type { FromStore, StoreData, StoreThreadData, ToStore } from './store-messages.ts';
import { openStoreParts } from './store-parts.ts';
import { trimHeap } from './trim-heap.ts';

/** What went wrong is logged where it did. */
const nothing = () => {};
/** After the start, when nobody waits for it. */
const trimAfterMs = 500;

/** Runs the stores on this thread until the front says stop; what cannot start is told to the front. */
export async function runStore(data: StoreThreadData): Promise<void> {
  const port = parentPort!;
  const post = (message: FromStore) => port.postMessage(message);
  const ended = Promise.withResolvers<void>();
  const profiled = data.profile ? profileAll(dataPaths(data.settings.dataDir).profiles, 'store', ended.promise) : undefined;
  const stores = new Map<Signal, Promise<BuiltStore>>();
  try {
    const parts = await openStoreParts(data.settings);
    /** Opens the stores of a signal; what comes for them meanwhile waits. */
    const open = (given: StoreData & { signal: Signal }) => {
      const { signal } = given;
      const opened = buildStore(given, (partition, offset) => post({ released: { signal, partition, offset } }), parts).then((store) => {
        store.start();
        return store;
      });
      stores.set(signal, opened);
      opened.catch((error: unknown) => {
        stores.delete(signal);
        parts.log.error({ error, signal }, 'the stores of this signal do not open');
      });
      return opened;
    };
    const storeOf = (signal: string): Promise<BuiltStore> => {
      const store = stores.get(signal as Signal);
      if (!store) throw new AppError('STORE_UNAVAILABLE', `the stores of ${signal} are not open`, { retryAfterS: 1 });
      return store;
    };
    await open({ ...data, signal: 'logs' });
    serve(port, async (signal) => (await storeOf(signal)).api);
    port.on('message', async (message: ToStore) => {
      if ('ends' in message) void stores.get(message.signal)?.then((store) => store.advance(message.ends), nothing);
      else if ('open' in message) void open(message.open).catch(nothing);
      else if ('stop' in message) {
        for (const opened of await Promise.allSettled(stores.values())) {
          if (opened.status === 'fulfilled') await opened.value.stop(message.stop.commit);
        }
        await parts.close();
        ended.resolve();
        await profiled;
        process.exit(0);
      }
    });
    post({ ready: true });
    setTimeout(trimHeap, trimAfterMs).unref();
  } catch (error) {
    post({ failed: errorToPlain(error) });
    process.exit(1);
  }
}
