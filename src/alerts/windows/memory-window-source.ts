import type { StoredRecord } from '../../core/record.ts';
import { type Matcher, matcherOf } from '../../query/compile/scan/matcher.ts';
import { readerOf } from '../../query/compile/scan/values.ts';
import type { GroupValue, RuleSignal } from '../rule/rule.ts';
import { emptyPart, type Family, type SlotRow, slotOf, type Watermark, type WindowSource } from './window-source.ts';

/**
 * Windows over records in memory, one by one: for inline tests of rules, and the oracle of the contract that every source keeps. Records are those of
 * one tenant; `wholeUntilUs` is the watermark.
 */
export class MemoryWindowSource implements WindowSource {
  readonly slotUs: number;
  readonly latenessUs: number;
  wholeUntilUs: number;
  readonly #records: Record<RuleSignal, StoredRecord[]> = { logs: [], metrics: [], events: [] };
  readonly #matchers = new WeakMap<Family, Matcher>();

  constructor({ slotUs = 15e6, latenessUs = 5e6, wholeUntilUs = 0 }: { slotUs?: number; latenessUs?: number; wholeUntilUs?: number } = {}) {
    this.slotUs = slotUs;
    this.latenessUs = latenessUs;
    this.wholeUntilUs = wholeUntilUs;
  }

  add(signal: RuleSignal, ...records: StoredRecord[]): void {
    for (const record of records) this.#records[signal].push(record);
  }

  async watermark(): Promise<Watermark> {
    return { us: this.wholeUntilUs, latenessUs: this.latenessUs };
  }

  async read(tenant: string, family: Family, fromUs: number, toUs: number): Promise<SlotRow[]> {
    const keys = family.by.map(readerOf);
    const { shape } = family;
    const read = shape.kind === 'count' ? undefined : readerOf(shape.field);
    const rows = new Map<string, SlotRow>();
    for (const record of this.#matching(tenant, family, fromUs, toUs)) {
      const value = read?.(record);
      const isNumber = typeof value === 'number';
      if (shape.kind === 'totals' && !isNumber) continue;
      if (shape.kind === 'values' && (value === undefined || (shape.isNumeric && !isNumber))) continue;
      const key = keys.map((of): GroupValue => of(record) ?? null);
      const slotUs = slotOf(record.timestamp, this.slotUs);
      const name = JSON.stringify([slotUs, key]);
      let row = rows.get(name);
      if (!row) {
        row = { slotUs, key, part: emptyPart() };
        rows.set(name, row);
      }
      const { part } = row;
      part.count++;
      if (shape.kind === 'totals' && isNumber) {
        part.sum += value;
        part.min = Math.min(part.min, value);
        part.max = Math.max(part.max, value);
      }
      if (shape.kind === 'values') {
        part.values ??= new Map();
        part.values.set(value!, (part.values.get(value!) ?? 0) + 1);
      }
    }
    return [...rows.values()];
  }

  async lastSeen(tenant: string, family: Family, fromUs: number, toUs: number): Promise<{ key: GroupValue[]; slotUs: number }[]> {
    const last = new Map<string, { key: GroupValue[]; slotUs: number }>();
    for (const { key, slotUs } of await this.read(tenant, family, fromUs, toUs)) {
      const name = JSON.stringify(key);
      const known = last.get(name);
      if (!known || known.slotUs < slotUs) last.set(name, { key, slotUs });
    }
    return [...last.values()];
  }

  async changedSlots(
    tenant: string,
    signal: RuleSignal,
    { fromUs, toUs, observedFromUs, observedToUs }: { fromUs: number; toUs: number; observedFromUs: number; observedToUs: number },
  ): Promise<number[]> {
    const slots = new Set<number>();
    for (const record of this.#records[signal]) {
      const { timestamp, observed_timestamp: observed } = record;
      if (record.tenant !== tenant || observed < observedFromUs || observed >= observedToUs || timestamp < fromUs || timestamp >= toUs)
        continue;
      slots.add(slotOf(timestamp, this.slotUs));
    }
    return [...slots].sort((a, b) => a - b);
  }

  *#matching(tenant: string, family: Family, fromUs: number, toUs: number): Iterable<StoredRecord> {
    const matches = this.#matchers.get(family) ?? matcherOf(family.where);
    this.#matchers.set(family, matches);
    for (const record of this.#records[family.signal])
      if (record.timestamp >= fromUs && record.timestamp < toUs && record.tenant === tenant && matches(record)) yield record;
  }
}
