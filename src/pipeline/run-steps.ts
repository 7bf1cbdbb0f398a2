import { AppError } from '../core/errors.ts';
import type { StateStore, Versioned } from '../core/ports/state-store.ts';
import type { WarmStore } from '../core/ports/warm-store.ts';
import type { Signal } from '../core/signal.ts';
import type { MergedDay, MergeRequest, Step, Steps } from '../core/warm/steps.ts';

const maxHeads = 1_000;

/** Merges files; only compaction needs it. */
export type Merger = (request: MergeRequest) => Promise<MergedDay[]>;

/** Runs the catalogue's protocol against real stores. Heads are kept parsed and asked for by version, so a reader never sees an older one. */
export class StepRunner {
  /** Whose files are written; the state it is given holds the heads of this one alone. */
  readonly dataset: Signal;
  readonly #state: StateStore;
  readonly #warm: WarmStore;
  readonly #heads = new Map<string, Versioned<unknown>>();

  constructor(state: StateStore, warm: WarmStore, dataset: Signal = 'logs') {
    this.dataset = dataset;
    this.#state = state;
    this.#warm = warm;
  }

  async run<T>(steps: Steps<T>, merge?: Merger): Promise<T> {
    let next = steps.next();
    while (!next.done) next = steps.next(await this.#take(next.value, merge));
    return next.value;
  }

  #take(step: Step, merge: Merger | undefined): Promise<unknown> {
    switch (step.kind) {
      case 'merge':
        if (!merge) throw new AppError('INTERNAL', 'these steps merge files, and no merger was given to run them with');
        return merge(step.request);
      case 'get':
        return this.#get(step.key);
      case 'transact':
        return this.#state.transact(step.writes);
      case 'put':
        return this.#warm.putIfAbsent(step.name, step.content as Uint8Array[]);
      case 'remove':
        return this.#warm.remove(step.name);
    }
  }

  async #get(key: string): Promise<Versioned<unknown> | undefined> {
    const found = await this.#state.get<unknown>(key, this.#heads.get(key));
    this.#heads.delete(key);
    if (!found) return undefined;
    this.#heads.set(key, found);
    if (this.#heads.size > maxHeads) this.#heads.delete(this.#heads.keys().next().value as string);
    return found;
  }
}
