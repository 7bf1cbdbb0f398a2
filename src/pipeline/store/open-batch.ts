import type { Lines } from '../../columnar/line-reader.ts';
import { Table, type TableRoom } from '../../columnar/table.ts';
import { type Intervals, intervalsOf } from '../../core/intervals.ts';
import type { DeadLetter } from '../../core/ports/dead-letters.ts';
import type { DropReason, LogRecord, Position } from '../../core/record.ts';
import type { MinuteOffsets } from '../../core/warm/minutes.ts';
import type { PlainTest } from '../is-plain.ts';
import { ledgerLabel } from './ledger-label.ts';

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
  readonly #dead: Run[] = [];
  readonly #letters: DeadLetter[] = [];
  readonly #minutes = new Map<string, { tenant: string; minute: number; runs: Run[] }>();
  #lastMinute: { tenant: string; minute: number; runs: Run[] } | undefined;
  #closed = 0;

  /** @param room what it will need, where that is known */
  constructor(openedAtMs: number, room?: TableRoom) {
    this.table = new Table({ room });
    this.openedAtMs = openedAtMs;
  }

  /** Every offset that it closes, with or without a row. */
  get closed(): Intervals {
    return intervalsOf([...this.#rows, ...this.#dead, ...Object.values(this.#dropped).flat()]);
  }

  /** Adds a row; false when the table has no room, and the offset stays open. */
  keep(tenant: string, position: Position, record: LogRecord): boolean {
    if (!this.table.add(tenant, position, record)) return false;
    if (record.client_id !== undefined) this.clientIds.add(record.client_id);
    extend(this.#rows, position.offset);
    this.#close(record.observed_timestamp);
    return true;
  }

  /**
   * Adds rows from the bytes of records, of which `from` stands at `offset`, for as long as that can be done: see `Table.addLines`. Counts them too.
   * Returns how many there were.
   */
  keepLines(lines: Lines, from: number, offset: number, isPlain: PlainTest): number {
    const added = this.table.addLines(lines, from, offset, isPlain);
    if (added === 0) return 0;
    extend(this.#minute(lines.tenant, lines.observedUs), offset, added);
    extend(this.#rows, offset, added);
    this.#close(lines.observedUs);
    return added;
  }

  drop(offset: number, reason: DropReason, observedUs: number): void {
    const runs = this.#dropped[reason] ?? [];
    this.#dropped[reason] = runs;
    extend(runs, offset);
    this.#close(observedUs);
  }

  bury(letter: DeadLetter): void {
    extend(this.#dead, letter.position.offset);
    this.#letters.push(letter);
    this.#close(letter.observedUs);
  }

  /** Stores the letters that are not stored yet; they stay its own until that has succeeded. To be done before the batch is committed. */
  async storeLetters(store: (letters: DeadLetter[]) => Promise<void>): Promise<void> {
    const letters = this.#letters.slice();
    if (letters.length === 0) return;
    await store(letters);
    this.#letters.splice(0, letters.length);
  }

  /** Puts one accepted offset into its tenant's observed minute; each offset exactly once, by whoever reads it first. */
  count(tenant: string, observedUs: number, offset: number, dropped: DropReason | undefined): void {
    extend(this.#minute(tenant, observedUs), offset);
    if (dropped) this.countDropped(tenant, observedUs, offset, dropped);
  }

  /** Counts an offset as dropped that was counted as accepted before. */
  countDropped(tenant: string, observedUs: number, offset: number, reason: DropReason): void {
    extend(this.#minute(ledgerLabel(tenant, reason), observedUs), offset);
  }

  #minute(tenant: string, observedUs: number): Run[] {
    const minute = Math.floor(observedUs / minuteUs) * minuteUs;
    const last = this.#lastMinute;
    if (last?.minute === minute && last.tenant === tenant) return last.runs;
    const key = `${minute}/${tenant}`;
    const entry = this.#minutes.get(key) ?? { tenant, minute, runs: [] };
    this.#minutes.set(key, entry);
    this.#lastMinute = entry;
    return entry.runs;
  }

  get done(): Intervals {
    return intervalsOf(this.#rows);
  }

  get dropped(): Partial<Record<DropReason, Intervals>> {
    return Object.fromEntries(Object.entries(this.#dropped).map(([reason, runs]) => [reason, intervalsOf(runs)]));
  }

  get dead(): Intervals {
    return intervalsOf(this.#dead);
  }

  /** Its accepted offsets by tenant and observed minute, and again by reason where they were dropped: see `ledgerLabel`. */
  get minutes(): MinuteOffsets[] {
    return [...this.#minutes.values()].map(({ tenant, minute, runs }) => ({ tenant, minute, offsets: intervalsOf(runs) }));
  }

  #close(observedUs: number): void {
    if (this.#closed++ === 0) this.firstObservedUs = observedUs;
  }
}

function extend(runs: Run[], offset: number, count = 1): void {
  const last = runs.at(-1);
  if (last && last[1] === offset) last[1] = offset + count;
  else runs.push([offset, offset + count]);
}
