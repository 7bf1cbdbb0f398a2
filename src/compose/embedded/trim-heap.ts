import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'major' | 'minor'; execution: 'sync'; flavor?: 'last-resort' }) => void;

/** V8's `gc` function, without it becoming a global. */
export function exposedGc(): Collect {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return collect;
}

/**
 * Gives back, once, what loading modules left in this thread's heap: a full collection with compaction, some 20 ms. V8 would keep those pages
 * for as long as the process idles.
 */
export function trimHeap(): void {
  exposedGc()({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
