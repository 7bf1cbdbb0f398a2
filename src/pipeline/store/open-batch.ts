import { Table } from '../../columnar/table.ts';
import { type Intervals, intervalsOf } from '../../core/intervals.ts';
import type { DeadLetter } from '../../core/ports/dead-letters.ts';
import type { DropReason, LogRecord, Position } from '../../core/record.ts';

/** How many records of a tenant were accepted in an observed minute, and how many of them were dropped and why. */
export type MinuteCount = { tenant: string; minute: number; accepted: number; dropped: Partial<Record<DropReason, number>> };

type Run = [from: number, to: number];

const minuteUs = 60_000_000;

/**
 * What was read from one partition and is not committed yet: rows in a table, and the offsets that were closed without a row. It is filled
 * in order of offsets, sealed whole and committed whole.
 */
export class OpenBatch {
  readonly table: Table;
  readonly openedAtMs: number;
  /** The clients' own ids among its rows. They are digests over the tenant, so one set serves all tenants. */
  readonly clientIds = new Set<string>();
  /** Observed time of its first record, epoch microseconds. */
  firstObservedUs = 0;
  readonly #rows: Run[] = [];
  readonly #dropped: Partial<Record<DropReason, Run[]>> = {};
  readonly #dead: { id: string; offset: number }[] = [];
  readonly #letters: DeadLetter[] = [];
  readonly #minutes = new Map<string, MinuteCount>();
  #lastMinute: MinuteCount | undefined;
  #closed = 0;

  constructor(openedAtMs: number) {
    this.table = new Table();
    this.openedAtMs = openedAtMs;
  }

  /** How many offsets it closes, with or without a row. */
  get closed(): number {
    return this.#closed;
  }

  /** Adds a row; false when the table has no room, and the offset stays open. */
  keep(tenant: string, position: Position, record: LogRecord): boolean {
    if (!this.table.add(tenant, position, record)) return false;
    if (record.client_id !== undefined) this.clientIds.add(record.client_id);
    extend(this.#rows, position.offset);
    this.#close(record.observed_timestamp);
    return true;
  }

  drop(offset: number, reason: DropReason, observedUs: number): void {
    const runs = this.#dropped[reason] ?? [];
    this.#dropped[reason] = runs;
    extend(runs, offset);
    this.#close(observedUs);
  }

  bury(letter: DeadLetter): void {
    this.#dead.push({ id: letter.id, offset: letter.position.offset });
    this.#letters.push(letter);
    this.#close(letter.observedUs);
  }

  /** The letters that are not stored yet; they are the caller's to store before the batch is committed. */
  takeLetters(): DeadLetter[] {
    return this.#letters.splice(0);
  }

  /** Counts one accepted record of a tenant in its observed minute; each offset exactly once, by whoever reads it first. */
  count(tenant: string, observedUs: number, dropped: DropReason | undefined): void {
    const minute = Math.floor(observedUs / minuteUs) * minuteUs;
    let entry = this.#lastMinute;
    if (!entry || entry.minute !== minute || entry.tenant !== tenant) {
      const key = `${minute}/${tenant}`;
      entry = this.#minutes.get(key) ?? { tenant, minute, accepted: 0, dropped: {} };
      this.#minutes.set(key, entry);
      this.#lastMinute = entry;
    }
    entry.accepted++;
    if (dropped) entry.dropped[dropped] = (entry.dropped[dropped] ?? 0) + 1;
  }

  get done(): Intervals {
    return intervalsOf(this.#rows);
  }

  get dropped(): Partial<Record<DropReason, Intervals>> {
    return Object.fromEntries(Object.entries(this.#dropped).map(([reason, runs]) => [reason, intervalsOf(runs)]));
  }

  get dead(): { id: string; offset: number }[] {
    return this.#dead;
  }

  get minutes(): MinuteCount[] {
    return [...this.#minutes.values()];
  }

  #close(observedUs: number): void {
    if (this.#closed++ === 0) this.firstObservedUs = observedUs;
  }
}

function extend(runs: Run[], offset: number): void {
  const last = runs.at(-1);
  if (last && last[1] === offset) last[1] = offset + 1;
  else runs.push([offset, offset + 1]);
}
