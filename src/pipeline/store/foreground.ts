import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import type { Pace } from '../../columnar/steps.ts';

/** A background slice is short, since whoever asks meanwhile waits for its end ... */
const sliceMs = 2;
/** ... and the background has its turn again after so long, however much is asked. */
const maxWaitMs = 20;

/** What somebody waits for on this thread, and the pace of work that gives way to it. */
export class Foreground {
  #active = 0;
  #idle = Promise.withResolvers<void>();

  /** Runs work that goes before the background. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#active++;
    try {
      return await work();
    } finally {
      if (--this.#active === 0) {
        this.#idle.resolve();
        this.#idle = Promise.withResolvers();
      }
    }
  }

  /** For `run` of `steps.ts`: short slices, and between them as long as the foreground takes, but for at most 20 ms. */
  readonly background: Pace = {
    sliceMs,
    turn: async () => {
      await eventLoopTurn();
      if (this.#active === 0) return;
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, maxWaitMs);
      });
      await Promise.race([this.#idle.promise, patience]);
      clearTimeout(timer);
    },
  };
}
