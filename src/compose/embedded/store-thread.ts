import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';
import type { StoreThreadData } from './store-messages.ts';

// Before anything else is loaded, so that it is loaded compiled.
enableCompileCache((workerData as StoreThreadData).compileCache);
const { runStore } = await import('./run-store.ts');
await runStore(workerData as StoreThreadData);
