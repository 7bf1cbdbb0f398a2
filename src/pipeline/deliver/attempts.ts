import type { Clock } from '../../core/clock.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { SinkName } from '../../core/warm/keys.ts';
import { type Attempt, deadAfter, singleAfter } from '../store/poison.ts';

type Note = { offset: number; count: number; attempts: number };

/** A batch whose first open record is younger than this was not tried often yet: its attempts are not noted. */
const freshMs = 30_000;

/** Up to which offset each partition was passed by this process, by its state store and the note's key. */
const passedTo = new WeakMap<StateStore, Map<string, number>>();

const firstAttempt: Attempt = { attempts: 1, single: false, crashed: () => false };

/**
 * Counts how often a process ended while it worked on the same first open offset of a partition, where a crash does not reach. Costs nothing
 * while all is well: an attempt is noted only where the batch is no longer young, and this process did not itself close what stands before it.
 */
export class Attempts {
  readonly #state: StateStore;
  readonly #clock: Clock;
  readonly #key: string;
  #known: Note | undefined;
  #current = 1;
  /** What the note said before this attempt, as long as the attempt may still end well. */
  #before: { note: Note | undefined } | undefined;

  constructor({ state, clock }: { state: StateStore; clock: Clock }, sink: SinkName, generation: number, partition: number) {
    this.#state = state;
    this.#clock = clock;
    this.#key = `delivery/${sink}/${generation}/${partition}`;
  }

  /** Begins to work on offsets of which the first was observed at `observedUs`. */
  async begin(offset: number, count: number, observedUs: number): Promise<Attempt> {
    this.#before = undefined;
    const passed = passedTo.get(this.#state);
    const isNext = passed?.get(this.#key) === offset;
    // Good for one attempt: the next on the same offset is the second.
    passed?.delete(this.#key);
    if (isNext || this.#clock.nowMs() - observedUs / 1_000 < freshMs) return firstAttempt;
    const found = (await this.#state.get<Note>(this.#key))?.value;
    const known = found?.offset === offset ? found : undefined;
    const attempts = (known?.attempts ?? 0) + 1;
    this.#known = known;
    this.#current = attempts;
    this.#before = { note: known };
    const single = attempts > singleAfter;
    if (!single) await this.#write({ offset, count, attempts });
    return { attempts, single, crashed: (at) => attempts > deadAfter && known?.count === 1 && known.offset === at };
  }

  /** Begins to work on one record by itself. */
  async beginOne(offset: number): Promise<void> {
    const isKnown = this.#known?.count === 1 && this.#known.offset === offset;
    const attempts = isKnown || this.#known?.count !== 1 ? this.#current : singleAfter + 1;
    this.#before = { note: isKnown ? this.#known : { offset, count: 1, attempts: attempts - 1 } };
    await this.#write({ offset, count: 1, attempts });
  }

  /** Everything below `offset` is closed. */
  passed(offset: number): void {
    const passed = passedTo.get(this.#state) ?? new Map<string, number>();
    passedTo.set(this.#state, passed.set(this.#key, offset));
    this.#before = undefined;
  }

  /** The attempt ended with an error that may pass: it does not count. */
  async takeBack(): Promise<void> {
    const before = this.#before;
    this.#before = undefined;
    if (before) await this.#write(before.note);
  }

  /** Whoever else notes the same at the same time may win: one attempt more or less decides nothing. */
  async #write(note: Note | undefined): Promise<void> {
    const { version = 0 } = (await this.#state.get<Note>(this.#key)) ?? {};
    if (note || version > 0) await this.#state.compareAndSet(this.#key, version, note);
  }
}
