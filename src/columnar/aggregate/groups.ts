import type { AttributeValue } from '../../core/record.ts';
import type { QueryRun } from '../../query/budget.ts';
import type { GroupKey } from '../../query/plan.ts';
import { bucketsOf } from '../../query/zone.ts';
import { timesOf } from '../candidates.ts';
import type { Place } from '../condition/evaluate.ts';
import type { Selection } from '../selection.ts';
import type { Steps } from '../steps.ts';
import { FieldNumbers } from './field-values.ts';

/** Above any number of values of one key: a group and a value are one number. */
const maxIds = 2 ** 26;

/** The values of one key as numbers, 0 for absent. */
export class KeyValues {
  readonly values: (AttributeValue | null)[] = [null];
  readonly #ids = new Map<AttributeValue, number>();

  idOf(value: AttributeValue): number {
    let id = this.#ids.get(value);
    if (id === undefined) {
      id = this.values.push(value) - 1;
      this.#ids.set(value, id);
    }
    return id;
  }
}

/** The groups met so far, numbered; a group is one value of each key. */
export class GroupTable {
  readonly keys: KeyValues[];
  /** For each group the ids of its keys' values. */
  readonly groups: number[][] = [];
  readonly #plan: readonly GroupKey[];
  readonly #query: QueryRun;
  readonly #readers: FieldNumbers[];
  /** For each key: the groups of the keys so far, by those before it and its value's id. */
  readonly #steps: Map<number, number>[];
  readonly #stepSizes: number[];

  constructor(plan: readonly GroupKey[], query: QueryRun) {
    this.#plan = plan;
    this.#query = query;
    this.keys = plan.map(() => new KeyValues());
    this.#readers = this.keys.map((key) => new FieldNumbers((value) => key.idOf(value)));
    this.#steps = plan.map(() => new Map());
    this.#stepSizes = plan.map(() => 0);
    if (plan.length === 0) this.groups.push([]);
  }

  /** The number of the group with these values. */
  groupOf(ids: ArrayLike<number>): number {
    let group = 0;
    for (let k = 0; k < ids.length; k++) {
      const name = group * maxIds + ids[k]!;
      let next = this.#steps[k]!.get(name);
      if (next === undefined) {
        next = this.#stepSizes[k]!++;
        this.#steps[k]!.set(name, next);
        if (next >= this.#query.maxGroups) throw this.#query.tooManyGroups();
        if (k === ids.length - 1) this.groups.push(Array.from(ids));
      }
      group = next;
    }
    return group;
  }

  /** The group of each selected row, in their order. */
  *groupsOf(place: Place, selection: Selection): Steps<Int32Array> {
    const columns: Float64Array[] = [];
    for (let k = 0; k < this.#plan.length; k++) columns.push(yield* this.#idsOf(k, place));
    const { rows, count } = selection;
    const groups = new Int32Array(count);
    const ids = new Array<number>(columns.length).fill(-1);
    let last = columns.length === 0 ? 0 : -1;
    for (let i = 0; i < count; i++) {
      const row = rows[i]! - place.window.from;
      let isSame = last >= 0;
      for (let k = 0; k < columns.length; k++) {
        const id = columns[k]![row]! || 0;
        if (ids[k] !== id) {
          ids[k] = id;
          isSame = false;
        }
      }
      if (!isSame) last = this.groupOf(ids);
      groups[i] = last;
    }
    return groups;
  }

  *#idsOf(k: number, place: Place): Steps<Float64Array> {
    const key = this.#plan[k]!;
    if (key.kind === 'field') return yield* this.#readers[k]!.of(key.field, place);
    const { window } = place;
    const { values, base } = yield* timesOf(place);
    const ids = new Float64Array(window.to - window.from);
    const buckets = bucketsOf(key.stepUs, key.zone);
    let start = Number.NaN;
    let end = Number.NaN;
    for (let i = 0; i < ids.length; i++) {
      const time = values[window.from - base + i]!;
      if (time >= start && time < end) ids[i] = ids[i - 1]!;
      else {
        start = buckets.startOf(time);
        end = buckets.endOf(time);
        ids[i] = this.keys[k]!.idOf(start);
      }
    }
    return ids;
  }
}
