import { AppError } from '../../core/errors.ts';
import { firstGap, type Intervals, includes, intervalsOf, sizeOf, subtract, union } from '../../core/intervals.ts';
import type { QueueBatch } from '../../core/ports/queue.ts';
import type { DropReason } from '../../core/record.ts';
import { RecordFault } from '../../core/record-fault.ts';
import { checkLogEnd, emptyHead, type SinkHead } from '../../core/warm/progress.ts';
import { outcomeOf } from '../store/outcome-of.ts';
import type { Attempt } from '../store/poison.ts';
import { rawRecords } from '../store/raw-record.ts';
import { Attempts } from './attempts.ts';
import { lostOffsets } from './gap.ts';
import { mayPassLater } from './retry.ts';
import type { Budget, DeliverDeps, Delivered, WarmDeliverer } from './types.ts';
import type { SinkWriter } from './writer.ts';

const nothing: Delivered = { closed: 0, stored: 0, dropped: {}, dead: 0, retried: 0 };

/**
 * Follows one partition into one sink: trims what is delivered by the sink's progress, decodes and processes the rest, and hands it to the
 * sink's writer. Whatever is delivered again, with other boundaries or to several at once, is closed once.
 */
export class Delivery implements WarmDeliverer {
  readonly #deps: DeliverDeps;
  readonly #writer: SinkWriter;
  readonly #generation: number;
  readonly #partition: number;
  readonly #attempts: Attempts;
  #head: SinkHead;
  /** Taken by the writer and not committed. */
  #taken: [from: number, to: number][] = [];
  #openedAtMs: number | undefined;
  #sum = nothing;

  constructor(deps: DeliverDeps, writer: SinkWriter, generation: number, partition: number) {
    this.#deps = deps;
    this.#writer = writer;
    this.#generation = generation;
    this.#partition = partition;
    this.#attempts = new Attempts(deps, writer.sink, generation, partition);
    this.#head = emptyHead(generation, partition);
  }

  get rows(): number {
    return this.#writer.rows;
  }

  get openedAtMs(): number | undefined {
    return this.#openedAtMs;
  }

  get cursor(): number {
    return firstGap(this.#covered);
  }

  /** @throws AppError see `DeliverHot` */
  async take(batches: readonly QueueBatch[], budget: Budget): Promise<Delivered> {
    return this.#counting(() => this.#takeAll(batches, budget));
  }

  /** @throws AppError see `DeliverHot` */
  async flush(budget: Budget): Promise<Delivered> {
    return this.#counting(() => this.#commit(budget));
  }

  async #takeAll(batches: readonly QueueBatch[], budget: Budget): Promise<void> {
    this.#head = await this.#writer.head();
    const open = batches.filter((batch) => this.#openIn(batch).length > 0);
    const [first] = open;
    if (!first) return this.#checkRewound();
    const from = firstGap(this.#covered, first.baseOffset);
    const last = open.at(-1)!;
    const attempt = await this.#attempts.begin(from, last.baseOffset + last.count - from, first.observedUs);
    for (const batch of open) {
      await this.#checkTime(budget);
      await this.#orCommit(budget, () => this.#closeGap(batch));
      if (attempt.single) await this.#takeSingly(batch, attempt, budget);
      else await this.#takeBatch(batch, attempt, budget);
    }
  }

  async #takeBatch(batch: QueueBatch, attempt: Attempt, budget: Budget): Promise<void> {
    const { processing } = this.#deps;
    const { tenant, rulesVersion } = batch;
    const open = this.#openIn(batch);
    const items = processing.decode(batch).filter(({ offset }) => includes(open, offset));
    const process = await this.#orCommit(budget, () => processing.processOf(rulesVersion));
    const taken = await this.#orCommit(budget, () => this.#writer.taken(batch, items));
    try {
      for (const item of items) {
        if (this.#writer.isFull) {
          await this.#checkTime(budget);
          await this.#commit(budget);
        }
        const position = { generation: this.#generation, partition: this.#partition, offset: item.offset };
        this.#writer.add({ outcome: outcomeOf(item, attempt, taken, process, tenant, position), item, batch, position });
        this.#note(item.offset, item.offset + 1);
      }
    } finally {
      taken.end();
    }
  }

  /** Brings every record of a batch to its end by itself, so that the one that kills the process is known by the note about it. */
  async #takeSingly(batch: QueueBatch, attempt: Attempt, budget: Budget): Promise<void> {
    const open = this.#openIn(batch);
    const texts = rawRecords(batch);
    for (let index = 0; index < batch.count; index++) {
      const offset = batch.baseOffset + index;
      if (!includes(open, offset)) continue;
      await this.#checkTime(budget);
      const payload = Buffer.from(texts[index] ?? '');
      const one: QueueBatch = { ...batch, format: 'ndjson', payload, total: 1, accepted: undefined, count: 1, baseOffset: offset };
      if (attempt.crashed(offset)) this.#buryCrashed(one, attempt);
      else {
        await this.#attempts.beginOne(offset);
        await this.#takeBatch(one, attempt, budget);
      }
      await this.#commit(budget);
    }
  }

  #buryCrashed(batch: QueueBatch, { attempts }: Attempt): void {
    const { baseOffset: offset, payload: bytes } = batch;
    const detail = `the process ended ${attempts - 1} times while it worked on this record`;
    const position = { generation: this.#generation, partition: this.#partition, offset };
    const item = { offset, fault: new RecordFault('', 'CRASH', detail), bytes };
    this.#writer.add({ outcome: { kind: 'dead', code: 'CRASH', detail }, item, batch, position });
    this.#note(offset, offset + 1);
  }

  /** Closes what stands open before a batch and will never come; throws where it may come yet. */
  async #closeGap({ baseOffset, observedUs }: QueueBatch): Promise<void> {
    const missing = subtract([[firstGap(this.#covered), baseOffset]], this.#covered);
    if (missing.length === 0 || firstGap(this.#covered) >= baseOffset) return;
    const extent = await this.#deps.extentOf(this.#generation, this.#partition);
    for (const [reason, offsets] of lostOffsets(missing, extent)) {
      for (const [from, to] of offsets) {
        this.#writer.lose(from, to, reason, observedUs);
        this.#note(from, to);
      }
      const partition = this.#partition;
      this.#deps.log.error({ sink: this.#writer.sink, partition, reason, records: sizeOf(offsets) }, 'offsets cannot be read any more');
    }
  }

  /** What was closed before comes again. So it does where the log was lost and begins anew: then it ends too early. */
  async #checkRewound(): Promise<void> {
    checkLogEnd(this.#head, (await this.#deps.extentOf(this.#generation, this.#partition)).end);
  }

  async #checkTime(budget: Budget): Promise<void> {
    if (this.#deps.clock.monotonicMs() < budget.deadlineMs) return;
    await this.#commit(budget);
    throw new AppError('STORE_UNAVAILABLE', `time ran out for partition ${this.#partition}: what is left is to be delivered again`);
  }

  /** Does what comes before the records of a batch; where that fails, what was taken before is committed first. */
  async #orCommit<T>(budget: Budget, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#commit(budget);
      throw error;
    }
  }

  async #commit(budget: Budget): Promise<void> {
    const result = await this.#writer.commit(budget, () => {
      this.#sum = { ...this.#sum, retried: this.#sum.retried + 1 };
    });
    if (!result) return;
    this.#head = result.head;
    this.#taken = [];
    this.#openedAtMs = undefined;
    this.#attempts.passed(firstGap(result.head.closed));
    this.#sum = { ...add(this.#sum, result), retried: this.#sum.retried };
  }

  /** Tells what was closed meanwhile. An attempt that ended with what may pass does not count as a crash. */
  async #counting(work: () => Promise<void>): Promise<Delivered> {
    this.#sum = nothing;
    try {
      await work();
    } catch (error) {
      if (mayPassLater(error)) await this.#attempts.takeBack().catch(() => {}); // one attempt too many decides nothing
      throw error;
    }
    return this.#sum;
  }

  get #covered(): Intervals {
    return union(this.#head.closed, intervalsOf(this.#taken));
  }

  #openIn = ({ baseOffset, count }: QueueBatch): Intervals => subtract([[baseOffset, baseOffset + count]], this.#covered);

  #note(from: number, to: number): void {
    const last = this.#taken.at(-1);
    if (last && last[1] === from) last[1] = to;
    else this.#taken.push([from, to]);
    this.#openedAtMs ??= this.#deps.clock.nowMs();
  }
}

function add(
  sum: Delivered,
  { done, dropped, dead }: { done: Intervals; dropped: Partial<Record<DropReason, Intervals>>; dead: Intervals },
) {
  const counts = { ...sum.dropped };
  let closed = sum.closed + sizeOf(done) + sizeOf(dead);
  for (const [reason, offsets] of Object.entries(dropped) as [DropReason, Intervals][]) {
    if (offsets.length === 0) continue;
    counts[reason] = (counts[reason] ?? 0) + sizeOf(offsets);
    closed += sizeOf(offsets);
  }
  return { closed, stored: sum.stored + sizeOf(done), dropped: counts, dead: sum.dead + sizeOf(dead) };
}
