import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { exposedGc } from './trim-heap.ts';

/** V8's own greatest factor of 4, which it else goes below: down to 1.3, which is a full collection for each 5 MB here. */
const growingPercent = 300;
/** Two tables and a file in the making are some 60 MB of buffers on the store thread. */
const storeOldSpaceMb = 96;
/** Records live shorter than any young generation is long: a larger one than this takes memory and saves nothing. The front's is set where Node.js starts. */
const storeSemiSpaceMb = 16;
const lookEveryMs = 40;
const maxYoungBytes = 16 << 20;

/**
 * Fits V8's collections to heaps of 20 MB with far more than that in buffers outside, as those of this process are: full collections by the bytes of
 * buffers, of which V8 makes 60 for each million records, cost a tenth of the process's time. To be called before the store thread is started.
 */
export function tuneHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
  setFlagsFromString(`--initial-old-space-size=${storeOldSpaceMb}`);
  setFlagsFromString(`--max-semi-space-size=${storeSemiSpaceMb}`);
  collectYoungBuffers();
}

/** Collects young garbage of this thread when bodies of requests have taken so many bytes: the heap alone grows too slowly for V8 to do so. */
function collectYoungBuffers(): void {
  const collect = exposedGc();
  let least = getHeapStatistics().external_memory;
  setInterval(() => {
    const external = getHeapStatistics().external_memory;
    if (external - least >= maxYoungBytes) {
      collect({ type: 'minor', execution: 'sync' });
      least = getHeapStatistics().external_memory;
    } else least = Math.min(least, external);
  }, lookEveryMs).unref();
}
