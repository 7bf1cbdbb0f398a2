import { commitHot, readHot } from '../../core/hot/commit-hot.ts';
import type { HotHead } from '../../core/hot/head.ts';
import { idOf } from '../../core/ids.ts';
import { type Intervals, intervalsOf } from '../../core/intervals.ts';
import type { QueueBatch } from '../../core/ports/queue.ts';
import type { DropReason, LogRecord, StoredRecord } from '../../core/record.ts';
import type { CloseResult } from '../../core/warm/close.ts';
import { dayOf } from '../../core/warm/file.ts';
import type { WriteResult } from '../../query/ports/hot-store.ts';
import { BatchAccount } from './batch-account.ts';
import { letterOf } from './letters.ts';
import { tryUntil } from './retry.ts';
import type { Budget, HotDeps } from './types.ts';
import type { Judged, SinkWriter } from './writer.ts';

/** Rows and bytes of payload that are written and closed together. */
const maxRows = 5_000;
const maxBytes = 8 * 2 ** 20;

/** Writes records to the hot store and closes them in its head once they can be searched. The store itself tells ids that are taken. */
export class HotWriter implements SinkWriter {
  readonly sink = 'hot';
  readonly #deps: HotDeps;
  readonly #generation: number;
  readonly #partition: number;
  #floor = '';
  #account = new BatchAccount();
  #waiting: { record: StoredRecord; judged: Judged }[] = [];
  #bytes = 0;
  readonly #days = new Map<string, [number, number][]>();

  constructor(deps: HotDeps, generation: number, partition: number) {
    this.#deps = deps;
    this.#generation = generation;
    this.#partition = partition;
  }

  get rows(): number {
    return this.#waiting.length;
  }

  get isFull(): boolean {
    return this.#waiting.length >= maxRows || this.#bytes >= maxBytes;
  }

  async head(): Promise<HotHead> {
    const head = await this.#deps.runner.run(readHot(this.#generation, this.#partition));
    this.#floor = head.floor;
    return head;
  }

  async taken() {
    return { has: () => false, end: () => {} };
  }

  add(judged: Judged): void {
    const { outcome, batch, position } = judged;
    const { tenant, observedUs, payload, count } = batch;
    const day = this.#see(position.offset, position.offset + 1, observedUs);
    // Its day has gone from the store, or is about to go: the log's retention or an outage was longer than the store's.
    if (day < this.#floor) this.#account.drop(tenant, observedUs, position.offset, 'expired');
    else if (outcome.kind === 'keep') this.#wait(judged, outcome.record, payload.length / count);
    else if (outcome.kind === 'drop') this.#account.drop(tenant, observedUs, position.offset, outcome.reason);
    else this.#bury(judged, outcome.code, outcome.detail, outcome.code === 'CRASH' ? 'hot' : 'both');
  }

  lose(from: number, to: number, reason: DropReason): void {
    this.#account.lose(from, to, reason);
  }

  async commit(budget: Budget, retried: () => void): Promise<CloseResult<HotHead> | undefined> {
    const { clock, hot, deadLetters, runner } = this.#deps;
    const records = this.#waiting.map(({ record }) => record);
    if (records.length > 0) {
      const results = await tryUntil(clock, budget, 'the hot store', () => hot.write(records), retried);
      this.#settle(results);
    }
    const account = this.#account;
    if (account.isEmpty) return undefined;
    if (account.letters.length > 0) {
      const letters = [...account.letters];
      await tryUntil(clock, budget, 'the dead letters', () => deadLetters.put(letters), retried);
    }
    const { done, dropped, dead, minutes } = account;
    const batch = { done, dropped, dead, redrive: false };
    const observed = [...this.#days].map(([day, runs]): [string, Intervals] => [day, intervalsOf(runs)]);
    const request = { generation: this.#generation, partition: this.#partition, batch, observed, minutes };
    const result = await tryUntil(clock, budget, "the hot sink's head", () => runner.run(commitHot(request)), retried);
    this.#account = new BatchAccount();
    this.#days.clear();
    return result;
  }

  #wait(judged: Judged, record: LogRecord, bytes: number): void {
    const { tenant } = judged.batch;
    this.#waiting.push({ record: { ...record, ...judged.position, tenant, id: record.client_id ?? idOf(judged.position) }, judged });
    this.#bytes += bytes;
  }

  /** Closes what was written as the store says. */
  #settle(results: WriteResult[]): void {
    const waiting = new Map(this.#waiting.map((item) => [item.judged.position.offset, item]));
    for (const { position, result, code = 'STORE_REFUSED', detail = 'the hot store refused the record' } of results) {
      const { judged } = waiting.get(position.offset)!;
      const { tenant, observedUs } = judged.batch;
      waiting.delete(position.offset);
      if (result === 'dead') this.#bury(judged, code, detail, 'hot');
      else if (result === 'duplicate') this.#account.drop(tenant, observedUs, position.offset, 'duplicate');
      else this.#account.keep(tenant, observedUs, position.offset);
    }
    this.#waiting = [...waiting.values()];
    this.#bytes = 0;
  }

  #bury({ item, batch, position }: Judged, code: string, detail: string, sink: 'hot' | 'both'): void {
    const { clock, codeVersion, log } = this.#deps;
    this.#account.bury(letterOf({ kind: 'dead', code, detail }, item, batch, position, { sink, nowMs: clock.nowMs(), codeVersion }));
    const { tenant, requestId } = batch;
    log.warn({ request_id: requestId, tenant, partition: position.partition, offset: position.offset, code, detail }, 'record set aside');
  }

  #see(from: number, to: number, observedUs: QueueBatch['observedUs']): string {
    const day = dayOf(observedUs);
    const runs = this.#days.get(day) ?? [];
    this.#days.set(day, runs);
    const last = runs.at(-1);
    if (last && last[1] === from) last[1] = to;
    else runs.push([from, to]);
    return day;
  }
}
