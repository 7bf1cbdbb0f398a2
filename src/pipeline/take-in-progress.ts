import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { StateStore, Versioned } from '../core/ports/state-store.ts';
import type { IncomingMessage } from '../core/ports/streams.ts';

/**
 * How far a partition of `logs.in` was taken in: everything below `next`. `[next, to)` was begun, in one piece, at `atMs`; equal where nothing is under way. `epoch`
 * counts how often the topic began anew.
 */
type Progress = { next: number; to: number; atMs: number; epoch: number };

export type TakeInProgressDeps = {
  state: StateStore;
  clock: Pick<Clock, 'nowMs'>;
  /** Of the topic whose messages these are. */
  topic: string;
  /** Where a partition of it ends: asked where everything of a delivery was taken in before. */
  endOf(partition: number): Promise<number>;
};

/** Messages that are taken in together, as many at every attempt: what identifies their appends. `name` is the same for the same ones only. */
export type Portion = { messages: IncomingMessage[]; name: string };

/** What one portion holds at most. */
const maxMessages = 1_000;
const maxBytes = 4 * 2 ** 20;
/** What was begun is given up to whoever comes with fewer messages after so long: longer than any append takes. */
const heldMs = 60_000;

/** Remembers in the state store what of a partition was taken in, so that messages that come again, with other boundaries too, are known. */
export class TakeInProgress {
  readonly #deps: TakeInProgressDeps;
  readonly #partition: number;
  #known: Versioned<Progress> | undefined;
  /** What this one has ended itself. */
  #endedTo = 0;

  constructor(deps: TakeInProgressDeps, partition: number) {
    this.#deps = deps;
    this.#partition = partition;
  }

  /**
   * The next portion of a delivery, noted as begun before it is given; undefined where nothing of it is left. What was begun before and not ended comes first, as
   * it was. @throws AppError CONFLICT where another is at it, QUEUE_UNAVAILABLE where the delivery ends before what was begun does
   */
  async begin(messages: readonly IncomingMessage[]): Promise<Portion | undefined> {
    const [first] = messages;
    const last = messages.at(-1);
    if (!first || !last || last.offset < this.#endedTo) return undefined;
    const progress = await this.#read(first, last);
    const { next, to, atMs, epoch } = progress;
    const open = messages.filter(({ offset }) => offset >= next);
    if (open.length === 0) return undefined;
    if (to > next && first.offset <= next && last.offset >= to - 1)
      return this.#portion(
        open.filter(({ offset }) => offset < to),
        progress,
      );
    const nowMs = this.#deps.clock.nowMs();
    if (to > next && nowMs - atMs < heldMs)
      throw new AppError(
        'QUEUE_UNAVAILABLE',
        `messages ${next} to ${to - 1} of logs.in/${this.#partition} are taken in together: they come again`,
        {
          retryAfterS: 5,
        },
      );
    const begun = bounded(open);
    const made = { next: begun[0]!.offset, to: begun.at(-1)!.offset + 1, atMs: nowMs, epoch };
    await this.#write(made);
    return this.#portion(begun, made);
  }

  /** Notes that all of what was begun is durable. @throws AppError CONFLICT */
  async end(): Promise<void> {
    const { to, epoch } = this.#known!.value;
    await this.#write({ next: to, to, atMs: this.#deps.clock.nowMs(), epoch });
    this.#endedTo = to;
  }

  #portion(messages: IncomingMessage[], { next, to, epoch }: Progress): Portion {
    return { messages, name: `${this.#deps.topic}/${this.#partition} ${epoch} ${next}-${to}` };
  }

  /** A topic that ends below what was taken in was made anew. */
  async #read(first: IncomingMessage, last: IncomingMessage): Promise<Progress> {
    this.#known = await this.#deps.state.get<Progress>(this.#key, this.#known);
    const found = this.#known?.value ?? { next: first.offset, to: first.offset, atMs: 0, epoch: 0 };
    if (last.offset >= found.next || (await this.#deps.endOf(this.#partition)) >= found.next) return found;
    return { next: first.offset, to: first.offset, atMs: 0, epoch: found.epoch + 1 };
  }

  async #write(value: Progress): Promise<void> {
    const version = await this.#deps.state.compareAndSet(this.#key, this.#known?.version ?? 0, value);
    if (version === undefined) {
      this.#known = undefined;
      throw new AppError('CONFLICT', `another takes in logs.in/${this.#partition} at this moment`, { retryAfterS: 1 });
    }
    this.#known = { value, version };
  }

  get #key(): string {
    return `take-in/${this.#deps.topic}/${this.#partition}`;
  }
}

function bounded(messages: readonly IncomingMessage[]): IncomingMessage[] {
  let bytes = 0;
  const end = messages.findIndex(({ value }, i) => {
    bytes += value?.length ?? 0;
    return i === maxMessages || bytes > maxBytes;
  });
  return messages.slice(0, end < 0 ? undefined : Math.max(1, end));
}
