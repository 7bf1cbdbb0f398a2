import { isUtf8 } from 'node:buffer';
import { setTimeout as delay, setImmediate as yieldToLoop } from 'node:timers/promises';
import type { TableRoom } from '../../columnar/table.ts';
import { clip, includes } from '../../core/intervals.ts';
import type { QueueBatch } from '../../core/ports/queue.ts';
import { BatchItems } from './batch-items.ts';
import { closeLines, closeRecord } from './close-record.ts';
import { OpenBatch } from './open-batch.ts';
import { outcomeOf } from './outcome-of.ts';
import { sealAndCommit } from './seal.ts';
import { Signal } from './signal.ts';
import type { SinkDeps } from './sink-deps.ts';

const hurriedMs = 1_000;
/** After so many records in a row that could not be read from their bytes, the rest of the batch is not tried. */
const maxMisses = 16;
const readBytes = 4 * 1024 * 1024;

/**
 * Follows one partition of the queue: reads what is durable, decodes and processes each record once, keeps the rows in a table that can be
 * searched, and commits the table as a file when it is full or old. One batch fills while the one before is sealed and committed; when both
 * are busy it stops reading, so memory stays bounded and the queue holds the rest.
 */
export class Sink {
  readonly #deps: SinkDeps;
  #cursor: number;
  #end: number;
  #unreadUs: number;
  #filling: OpenBatch | undefined;
  #sealing: { batch: OpenBatch; committed: Promise<void> } | undefined;
  /** What the batch before needed where it was full: the next will be. */
  #room: TableRoom | undefined;
  #sealWanted = false;
  #hurried = false;
  #stopping = false;
  #aborted = false;
  readonly #wake = new Signal();
  #running: Promise<void> | undefined;

  constructor(deps: SinkDeps, start: number, end: number) {
    this.#deps = deps;
    this.#cursor = start;
    this.#end = end;
    this.#unreadUs = 0;
  }

  /** The next offset to read: everything below is in a table or closed. */
  get cursor(): number {
    return this.#cursor;
  }

  /** The queue's durable end as last told. */
  get end(): number {
    return this.#end;
  }

  /**
   * When the records that are durable and not read yet were observed or came, the first of them, but for what one request overtakes another by: epoch
   * microseconds, 0 where it is not known yet. Undefined where all is read.
   */
  get unreadUs(): number | undefined {
    return this.#cursor < this.#end ? this.#unreadUs : undefined;
  }

  /** The batches whose rows are in memory only, oldest first. */
  get open(): OpenBatch[] {
    return [this.#sealing?.batch, this.#filling].filter((batch) => batch !== undefined);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Tells how far the queue is durable. */
  advance(end: number): void {
    if (end > this.#end) this.#wake.send();
    if (end > this.#end && this.#cursor >= this.#end) this.#unreadUs = this.#deps.clock.nowMs() * 1_000;
    this.#end = Math.max(this.#end, end);
  }

  /** Tells that somebody waits for the next commit: what is in memory is sealed when it is a second old. */
  hurry(): void {
    this.#hurried = true;
  }

  /** Resolves when everything that was durable at the call is committed. */
  async flush(): Promise<void> {
    const target = this.#end;
    while (!this.#stopping && (this.#cursor < target || this.open.length > 0)) {
      this.#sealWanted = this.#cursor >= target;
      this.#wake.send();
      await (this.#sealing?.committed ?? delay(5));
    }
    this.#sealWanted = false;
  }

  /** Stops reading. With `commit` what is in memory is committed first; without, the next start reads it from the queue again. */
  async stop(commit: boolean): Promise<void> {
    this.#stopping = true;
    this.#aborted = !commit;
    this.#wake.send();
    await this.#running;
    await this.#sealing?.committed;
    if (commit && this.#filling) await this.#rotate();
    await this.#sealing?.committed;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#step();
      } catch (error) {
        this.#deps.log.error({ partition: this.#deps.partition, offset: this.#cursor, error }, 'sink step failed, will be tried again');
        await delay(1_000);
      }
    }
  }

  async #step(): Promise<void> {
    const { reader, partition, sealAfterMs } = this.#deps;
    if (this.#isSealDue()) await this.#rotate();
    if (this.#cursor >= this.#end) return this.#wake.next(Math.min(500, sealAfterMs));
    const batches = await reader.read(partition, this.#cursor, readBytes);
    if (batches.length === 0) return this.#skipHole(this.#end, this.#deps.clock.nowMs() * 1_000);
    for (const batch of batches) {
      if (this.#stopping) return;
      await this.#index(batch);
      await yieldToLoop();
    }
  }

  #isSealDue(): boolean {
    if (!this.#filling || this.#sealing) return false;
    const dueMs = Math.min(this.#deps.sealAfterMs, this.#hurried ? hurriedMs : Number.POSITIVE_INFINITY);
    return this.#sealWanted || this.#deps.clock.nowMs() - this.#filling.openedAtMs >= dueMs;
  }

  /** Brings one batch's records into the table, or closes them otherwise, and moves the cursor behind it. */
  async #index(batch: QueueBatch): Promise<void> {
    const { partition, generation, open, processOf, closed, clientIds, poison, tails, clock, log } = this.#deps;
    this.#skipHole(batch.baseOffset, batch.observedUs);
    this.#unreadUs = batch.observedUs;
    const attempt = poison.begin(partition, batch.baseOffset, batch.count);
    const already = closed();
    const records = open(batch);
    const process = await processOf(batch.rulesVersion);
    const items = new BatchItems(records, clientIds);
    const isNew = this.#cursor <= batch.baseOffset && clip(already, batch.baseOffset, batch.baseOffset + batch.count).length === 0;
    const isPlain = isNew && !attempt.single && isUtf8(records.lines.bytes) ? process.isPlain : undefined;
    let misses = 0;
    try {
      for (let index = 0; index < batch.count; index++) {
        const offset = batch.baseOffset + index;
        if (offset < this.#cursor || includes(already, offset)) continue;
        if (attempt.single) poison.beginOne(partition, offset);
        if (this.#filling?.table.isFull) await this.#rotate();
        if (isPlain && !items.hasIds && misses < maxMisses) {
          const added = closeLines(this.#openBatch(), records.lines, index, offset, isPlain, tails);
          this.#cursor = offset + added;
          misses = added === 0 ? misses + 1 : 0;
          index += Math.max(0, added - 1);
          if (added > 0) continue;
        }
        const item = items.at(index);
        const asking = items.askIds(index, item);
        if (asking) await asking;
        const position = { generation, partition, offset };
        const outcome = outcomeOf(item, attempt, items.taken, process, batch.tenant, position);
        closeRecord(this.#openBatch(), outcome, item, batch, position, this.#deps);
        this.#cursor = offset + 1;
      }
    } finally {
      items.taken.end();
    }
    this.#cursor = Math.max(this.#cursor, batch.baseOffset + batch.count);
    await this.#putLetters();
    if (log.keeps('debug'))
      log.debug({ request_id: batch.requestId, tenant: batch.tenant, partition, records: batch.count }, 'batch indexed');
    poison.end(partition);
    tails.advance(generation, partition, this.#cursor, clock.nowMs());
    this.#deps.progressed();
  }

  /** Closes offsets below `to` that no batch brings: they were in a part of the log that is quarantined. */
  async #skipHole(to: number, observedUs: number): Promise<void> {
    if (this.#cursor >= to) return;
    const already = this.#deps.closed();
    const from = this.#cursor;
    let lost = 0;
    for (let offset = from; offset < to; offset++) {
      if (includes(already, offset)) continue;
      this.#openBatch().drop(offset, this.#deps.holeReason(offset), observedUs);
      lost++;
    }
    this.#cursor = to;
    if (lost > 0) this.#deps.log.error({ partition: this.#deps.partition, from, to, records: lost }, 'offsets cannot be read any more');
  }

  #openBatch(): OpenBatch {
    if (!this.#filling) {
      this.#filling = new OpenBatch(this.#deps.clock.nowMs(), this.#room);
      this.#deps.clientIds.hold(this.#filling);
    }
    return this.#filling;
  }

  async #putLetters(): Promise<void> {
    await this.#filling?.storeLetters((letters) => this.#deps.deadLetters.put(letters));
  }

  /** Hands the filling batch over to be sealed, once the one before it is committed. */
  async #rotate(): Promise<void> {
    await this.#sealing?.committed;
    await this.#putLetters();
    const batch = this.#filling;
    if (!batch) return;
    this.#filling = undefined;
    this.#hurried = false;
    this.#room = batch.table.isFull ? batch.table.room : undefined;
    const committed = sealAndCommit(batch, { ...this.#deps, isAborted: () => this.#aborted }).finally(() => {
      this.#sealing = undefined;
      this.#deps.clientIds.release(batch);
      this.#deps.progressed();
      this.#wake.send();
    });
    this.#sealing = { batch, committed };
  }
}
