import { union } from '../../core/intervals.ts';
import type { DropReason, LogRecord } from '../../core/record.ts';
import type { CloseResult } from '../../core/warm/close.ts';
import { applyMinute, closeWindows, readWindowHead, type WindowHead } from '../../core/windows/apply.ts';
import type { MinuteRows, WindowRow } from '../../core/windows/item.ts';
import { type WindowSettings, windowOf, windowsKeptUs } from '../../core/windows/window.ts';
import { BatchAccount } from '../deliver/batch-account.ts';
import { letterOf } from '../deliver/letters.ts';
import { tryUntil } from '../deliver/retry.ts';
import type { Budget, DeliverDeps } from '../deliver/types.ts';
import type { Judged, SinkWriter } from '../deliver/writer.ts';

export type WindowDeps = DeliverDeps & { windows: WindowSettings };

/** Rows that are counted and closed together. */
const maxRows = 20_000;
/** Items that are written at once. */
const maxAtOnce = 8;

/** The latency of a record: the first of some attributes that is a number. */
export const latencyOf = ({ attributes }: LogRecord, keys: readonly string[]): number | undefined =>
  keys.map((key) => attributes[key]).find((value) => typeof value === 'number');

/** Whether the window of a minute still takes what was observed then. */
export const isKept = (minuteUs: number, observedUs: number): boolean => minuteUs + windowsKeptUs > observedUs;

/** A record as windows count it. */
export const rowOf = (record: LogRecord, offset: number, observedUs: number, { latencyKeys }: WindowSettings): WindowRow => ({
  offset,
  service: record.service,
  level: record.level,
  observedUs,
  latency: latencyOf(record, latencyKeys),
});

/**
 * Counts records in the windows of their minutes, and closes them in the aggregate head once they are. An id that a client gave does not count here:
 * a record that was sent twice under one id is in the stores once, and in the windows twice.
 */
export class WindowWriter implements SinkWriter {
  readonly sink = 'aggregate';
  readonly #deps: WindowDeps;
  readonly #generation: number;
  readonly #partition: number;
  #account = new BatchAccount();
  #minutes = new Map<string, { tenant: string; minuteUs: number; rows: WindowRow[] }>();
  #observed: [from: number, to: number, observedUs: number][] = [];
  #rows = 0;

  constructor(deps: WindowDeps, generation: number, partition: number) {
    this.#deps = deps;
    this.#generation = generation;
    this.#partition = partition;
  }

  get rows(): number {
    return this.#rows;
  }

  get isFull(): boolean {
    return this.#rows >= maxRows;
  }

  head(): Promise<WindowHead> {
    return this.#deps.runner.run(readWindowHead(this.#generation, this.#partition));
  }

  async taken() {
    return { has: () => false, end: () => {} };
  }

  add({ outcome, item, batch, position }: Judged): void {
    const { tenant, observedUs } = batch;
    const { offset } = position;
    this.#see(offset, offset + 1, observedUs);
    if (outcome.kind === 'drop') this.#account.drop(tenant, observedUs, offset, outcome.reason);
    else if (outcome.kind === 'dead') {
      const { clock, codeVersion } = this.#deps;
      const sink = outcome.code === 'CRASH' ? 'aggregate' : 'both';
      this.#account.bury(letterOf(outcome, item, batch, position, { sink, nowMs: clock.nowMs(), codeVersion }));
    } else {
      const { record } = outcome;
      const minuteUs = windowOf(record.timestamp);
      const key = `${minuteUs}/${tenant}`;
      const minute = this.#minutes.get(key) ?? { tenant, minuteUs, rows: [] };
      this.#minutes.set(key, minute);
      if (isKept(minuteUs, observedUs)) minute.rows.push(rowOf(record, offset, observedUs, this.#deps.windows));
      this.#rows++;
      this.#account.keep(tenant, observedUs, offset);
    }
  }

  lose(from: number, to: number, reason: DropReason, observedUs: number): void {
    this.#see(from, to, observedUs);
    this.#account.lose(from, to, reason);
  }

  async commit(budget: Budget, retried: () => void): Promise<CloseResult<WindowHead> | undefined> {
    const { clock, deadLetters, runner, windows } = this.#deps;
    const account = this.#account;
    if (account.isEmpty) return undefined;
    const at = [this.#generation, this.#partition] as const;
    const decided = Object.values(account.dropped).reduce(union, account.done);
    const minutes = [...this.#minutes.values()].map((minute): MinuteRows => ({ ...minute, decided, latenessUs: windows.latenessUs }));
    for (let i = 0; i < minutes.length; i += maxAtOnce) {
      const some = minutes.slice(i, i + maxAtOnce);
      const apply = () => Promise.all(some.map((minute) => runner.run(applyMinute(...at, minute))));
      await tryUntil(clock, budget, 'the windows', apply, retried);
    }
    if (account.letters.length > 0) {
      const letters = [...account.letters];
      await tryUntil(clock, budget, 'the dead letters', () => deadLetters.put(letters), retried);
    }
    const { done, dropped, dead } = account;
    const batch = { done, dropped, dead, redrive: false };
    const request = { generation: at[0], partition: at[1], batch, minutes: account.minutes, observed: this.#observed };
    const result = await tryUntil(clock, budget, "the aggregate sink's head", () => runner.run(closeWindows(request)), retried);
    this.#account = new BatchAccount();
    this.#minutes = new Map();
    this.#observed = [];
    this.#rows = 0;
    return result;
  }

  #see(from: number, to: number, observedUs: number): void {
    const last = this.#observed.at(-1);
    if (last && last[1] === from && last[2] === observedUs) last[1] = to;
    else this.#observed.push([from, to, observedUs]);
  }
}
