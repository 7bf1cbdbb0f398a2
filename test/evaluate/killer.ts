import type { StoredPage } from '../../src/alerts/evaluate/page.ts';
import type { StateStore, StateWrite } from '../../src/core/ports/state-store.ts';

/** The process died here. */
export class Killed extends Error {}

/** Counts the steps of what it wraps, one before each call takes effect and one after, and dies at a chosen one. */
export class Killer {
  #step = 0;
  #dieAt = Number.POSITIVE_INFINITY;
  kills = 0;

  /** The next steps are counted from 1; it dies at `step`. */
  arm(step: number): void {
    this.#step = 0;
    this.#dieAt = step;
  }

  disarm(): void {
    this.#dieAt = Number.POSITIVE_INFINITY;
  }

  wrap<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member = target[name as keyof T];
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          this.step();
          const result: unknown = await member.apply(target, args);
          this.step();
          return result;
        };
      },
      set: (_, name, value) => Reflect.set(target, name, value),
    });
  }

  step(): void {
    if (++this.#step !== this.#dieAt) return;
    this.kills++;
    throw new Killed('killed');
  }
}

/** Notes from where to where each write of a page moved its windows. */
export function watchPages(state: StateStore): { state: StateStore; moves: { key: string; fromUs: number | undefined; toUs: number }[] } {
  const moves: { key: string; fromUs: number | undefined; toUs: number }[] = [];
  const pagesIn = async (writes: StateWrite[]) =>
    Promise.all(
      writes
        .filter(({ key, value }) => key.startsWith('alerts/pages/') && value !== undefined)
        .map(async ({ key, value }) => ({
          key,
          fromUs: (await state.get<StoredPage>(key))?.value.evaluatedUs,
          toUs: (value as StoredPage).evaluatedUs,
        })),
    );
  const watched: StateStore = {
    get: (key, known) => state.get(key, known),
    list: (prefix) => state.list(prefix),
    async compareAndSet(key, version, value) {
      const pages = await pagesIn([{ key, version, value }]);
      const written = await state.compareAndSet(key, version, value);
      if (written !== undefined) moves.push(...pages);
      return written;
    },
    async transact(writes) {
      const pages = await pagesIn(writes);
      const isWritten = await state.transact(writes);
      if (isWritten) moves.push(...pages);
      return isWritten;
    },
    close: () => state.close(),
  };
  return { state: watched, moves };
}
