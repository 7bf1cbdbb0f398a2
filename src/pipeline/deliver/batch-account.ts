import { type Intervals, intervalsOf } from '../../core/intervals.ts';
import type { DeadLetter } from '../../core/ports/dead-letters.ts';
import type { DropReason } from '../../core/record.ts';
import type { MinuteOffsets } from '../../core/warm/minutes.ts';
import { deadLabel, ledgerLabel, redrivenLabel } from '../store/ledger-label.ts';

type Run = [from: number, to: number];

const minuteUs = 60_000_000;

/** What a delivery is about to close, offset by offset, and how it counts by tenant and observed minute: as accepted, unless it is redriven. */
export class BatchAccount {
  readonly #labelOf: (tenant: string) => string;
  readonly #done: Run[] = [];
  readonly #dropped: Partial<Record<DropReason, Run[]>> = {};
  readonly #dead: Run[] = [];
  readonly #letters: DeadLetter[] = [];
  readonly #minutes = new Map<string, { tenant: string; minute: number; runs: Run[] }>();

  constructor(redrive = false) {
    this.#labelOf = redrive ? redrivenLabel : (tenant) => tenant;
  }

  keep(tenant: string, observedUs: number, offset: number): void {
    extend(this.#done, offset, offset + 1);
    this.#count(this.#labelOf(tenant), observedUs, offset);
  }

  drop(tenant: string, observedUs: number, offset: number, reason: DropReason): void {
    this.lose(offset, offset + 1, reason);
    this.#count(this.#labelOf(tenant), observedUs, offset);
    this.#count(ledgerLabel(tenant, reason), observedUs, offset);
  }

  bury(letter: DeadLetter): void {
    const { tenant, observedUs, position } = letter;
    extend(this.#dead, position.offset, position.offset + 1);
    this.#letters.push(letter);
    this.#count(tenant, observedUs, position.offset);
    this.#count(deadLabel(tenant), observedUs, position.offset);
  }

  /** Drops offsets of which nobody knows any more whose they were. */
  lose(from: number, to: number, reason: DropReason): void {
    const runs = this.#dropped[reason] ?? [];
    this.#dropped[reason] = runs;
    extend(runs, from, to);
  }

  get done(): Intervals {
    return intervalsOf(this.#done);
  }

  get dropped(): Partial<Record<DropReason, Intervals>> {
    return Object.fromEntries(Object.entries(this.#dropped).map(([reason, runs]) => [reason, intervalsOf(runs)]));
  }

  get dead(): Intervals {
    return intervalsOf(this.#dead);
  }

  get isEmpty(): boolean {
    return this.#done.length + this.#dead.length + Object.keys(this.#dropped).length === 0;
  }

  get letters(): readonly DeadLetter[] {
    return this.#letters;
  }

  get minutes(): MinuteOffsets[] {
    return [...this.#minutes.values()].map(({ tenant, minute, runs }) => ({ tenant, minute, offsets: intervalsOf(runs) }));
  }

  #count(label: string, observedUs: number, offset: number): void {
    const minute = Math.floor(observedUs / minuteUs) * minuteUs;
    const key = `${minute}/${label}`;
    const entry = this.#minutes.get(key) ?? { tenant: label, minute, runs: [] };
    this.#minutes.set(key, entry);
    extend(entry.runs, offset, offset + 1);
  }
}

function extend(runs: Run[], from: number, to: number): void {
  const last = runs.at(-1);
  if (last && last[1] === from) last[1] = to;
  else runs.push([from, to]);
}
