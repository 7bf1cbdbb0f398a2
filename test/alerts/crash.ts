import type { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import type { StateStore } from '../../src/core/ports/state-store.ts';

/** The process has died. */
export class Killed extends Error {}

/** Counts the steps of a process: every write and every delivery has a point before it and one after it, and the process can be killed at any. */
export class Steps {
  count = 0;
  killAt = Number.POSITIVE_INFINITY;

  point(): void {
    if (++this.count >= this.killAt) throw new Killed(`at step ${this.count}`);
  }
}

/** A store that outlives whoever writes to it. `plant` breaks it, to see that the harness would notice. */
export function mortalStore(inner: MemoryStateStore, steps: Steps, plant: 'none' | 'torn-transaction' = 'none'): StateStore {
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    steps.point();
    const answer = await work();
    steps.point();
    return answer;
  };
  return {
    get: (key, known) => inner.get(key, known),
    list: (prefix) => inner.list(prefix),
    compareAndSet: (key, version, value) => around(() => inner.compareAndSet(key, version, value)),
    async transact(writes) {
      if (plant === 'none') return around(() => inner.transact(writes));
      for (const write of writes) {
        if ((await around(() => inner.compareAndSet(write.key, write.version, write.value))) === undefined) return false;
      }
      return true;
    },
    close: async () => {},
  };
}
