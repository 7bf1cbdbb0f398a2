import type { Log } from '../../core/ports/log.ts';

/** Something that is to be done again and again, on any of several hosts; resolves to how much it did. */
export type Chore = { name: string; run(): Promise<number> };

const firstMs = 60_000;
const everyMs = 3_600_000;

/** Does chores one after the other, each hour. One that fails is told, holds up no other, and is done in the next round. */
export class Upkeep {
  readonly #chores: Chore[];
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(chores: Chore[], log: Log) {
    this.#chores = chores;
    this.#log = log;
  }

  start(): void {
    this.#plan(firstMs);
  }

  /** Ends after the chore that is under way. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  /** Does all of them once. */
  async round(): Promise<void> {
    for (const { name, run } of this.#chores) {
      if (this.#isStopping) return;
      try {
        const done = await run();
        if (done > 0) this.#log.info({ chore: name, done }, 'upkeep');
      } catch (error) {
        this.#log.warn({ chore: name, error }, 'upkeep failed, will be tried again');
      }
    }
  }

  #plan(ms: number): void {
    if (this.#isStopping) return;
    this.#timer = setTimeout(() => {
      this.#round = this.round().then(() => this.#plan(everyMs));
    }, ms);
    this.#timer.unref();
  }
}
