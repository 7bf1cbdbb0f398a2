import { type Item, itemOf } from './bulk.ts';
import type { IsColumn } from './document.ts';
import type { Indices } from './indices.ts';

const objects = { string: 'attributes', number: 'numbers', boolean: 'flags' } as const;
const maxRemembered = 10_000;

/**
 * The attributes that an index has no column for: its budget of fields is spent, or the key stands in the way of another (`a` and `a.b`). The index
 * says so by refusing a record; what it has no column for goes to `rest` from then on.
 */
export class Outside {
  readonly #indices: Indices;
  readonly #byIndex = new Map<string, Set<string>>();

  constructor(indices: Indices) {
    this.#indices = indices;
  }

  of(index: string): IsColumn | undefined {
    const outside = this.#byIndex.get(index);
    return outside && ((key, type) => !outside.has(`${objects[type]}.${key}`));
  }

  /** Spells a refused record without new columns; undefined where it has none. */
  async respell({ record, index }: Item): Promise<Item | undefined> {
    const columns = await this.#indices.columns(index);
    const known = this.#byIndex.get(index) ?? new Set();
    const isNew = (name: string): boolean => !columns.has(name);
    const names = Object.entries(record.attributes).map(([key, value]) => `${objects[typeof value as keyof typeof objects]}.${key}`);
    const outside = names.filter(isNew);
    if (outside.length === 0) return undefined;
    if (known.size > maxRemembered) known.clear();
    for (const name of outside) known.add(name);
    this.#byIndex.set(index, known);
    return itemOf(record, index, (key, type) => !isNew(`${objects[type]}.${key}`));
  }
}
