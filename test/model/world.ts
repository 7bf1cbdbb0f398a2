import { includes } from '../../src/core/intervals.ts';
import type { StateWrite } from '../../src/core/ports/state-store.ts';
import type { DropReason } from '../../src/core/record.ts';
import type { FileInfo } from '../../src/core/warm/file.ts';
import { dayStartUs, hourUs } from '../../src/core/warm/file.ts';
import type { MergedDay, MergeRequest, Step } from '../../src/core/warm/steps.ts';

/** One row: its position (there is one partition) and where compaction puts it. */
export type Row = { offset: number; tenant: string; day: string; hour: number };
export type Content = { rows: Row[] };

const days = ['2026-11-20', '2026-11-21'];

/** What each offset is, for ever: process decides alike every time. */
export type Fate = 'keep' | 'drop' | 'poison';
export const rowOf = (offset: number): Row => ({
  offset,
  tenant: offset % 2 === 0 ? 'even' : 'odd',
  day: days[offset % 3 === 2 ? 0 : 1]!,
  hour: 8,
});
export const tenants = ['even', 'odd'];
/** The day on which accept saw an offset: in order, as a log is. */
export const observedDayOf = (offset: number): string => (offset < 2 ? '2026-11-20' : '2026-11-21');
/** The object that stands for a row of the hot store. */
export const hotName = (offset: number): string => `hot/${observedDayOf(offset)}/${offset}`;
export const dropReason: DropReason = 'rule';

export const timestampOf = ({ day, hour }: Row): number => dayStartUs(day) + hour * hourUs;
export const hashOf = (rows: readonly Row[]): string => `h${rows.map(({ offset }) => offset).join('_')}`;

export function infoOf(rows: readonly Row[]): FileInfo {
  const times = rows.map(timestampOf);
  const [minTimestamp, maxTimestamp] = [Math.min(...times), Math.max(...times)];
  return { rows: rows.length, bytes: 1, minTimestamp, maxTimestamp, minObserved: 0, maxObserved: 0 };
}

/** A file that was listed is not there: the one thing that must not happen to a reader, and that may happen to a compactor. */
export class Missing extends Error {}

/** Stores as they are promised: linearisable keys with versions, objects that are there or not. */
export class World {
  readonly state = new Map<string, { value: unknown; version: number }>();
  readonly objects = new Map<string, Content>();
  /** Ticks at every condemnation and every start of a reader: what age is measured by. */
  now = 1;
  /** By key, also of keys that are gone: a version never comes back. */
  readonly #versions = new Map<string, number>();

  take(step: Step): unknown {
    switch (step.kind) {
      case 'get':
        return this.state.get(step.key);
      case 'transact':
        return this.transact(step.writes);
      case 'put':
        if (this.objects.has(step.name)) return false;
        this.objects.set(step.name, step.content as Content);
        return true;
      case 'remove':
        this.objects.delete(step.name);
        return;
      case 'merge':
        return this.#merge(step.request);
    }
  }

  load(name: string): Content {
    const content = this.objects.get(name);
    if (!content) throw new Missing(name);
    return content;
  }

  transact(writes: StateWrite[]): boolean {
    if (writes.some(({ key, version }) => (this.state.get(key)?.version ?? 0) !== version)) return false;
    this.force(writes);
    return true;
  }

  /** Writes without comparing: what the protocol must not do. */
  force(writes: StateWrite[]): void {
    for (const { key, value } of writes) {
      const version = (this.#versions.get(key) ?? 0) + 1;
      this.#versions.set(key, version);
      if (value === undefined) this.state.delete(key);
      else this.state.set(key, { value, version });
    }
  }

  #merge({ sources, within, erase }: MergeRequest): MergedDay[] {
    const rows = sources.flatMap(({ name, only }) =>
      this.load(name).rows.filter(({ offset }) => !only || only.some(({ offsets }) => includes(offsets, offset))),
    );
    const chosen = rows.filter(({ tenant, day }) => !within || (tenant === within.tenant && day === within.day));
    const groups = Map.groupBy(chosen, ({ tenant, day }) => `${tenant}/${day}`);
    return [...groups.values()].map((group) => {
      const { tenant, day } = group[0]!;
      const left = group.filter(({ offset }) => offset !== erase).sort((a, b) => a.offset - b.offset);
      const erased = group.length - left.length;
      return {
        tenant,
        day,
        outputs: left.length > 0 ? [{ hour: 8, hash: hashOf(left), content: { rows: left }, info: infoOf(left) }] : [],
        removed: erased > 0 ? [{ generation: 0, partition: 0, duplicate: 0, erased }] : [],
      };
    });
  }
}
