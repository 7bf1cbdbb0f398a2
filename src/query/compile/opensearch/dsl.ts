import type { Json } from '../../ast/json.ts';

/** A query of the OpenSearch DSL, as JSON. */
export type Dsl = { [name: string]: Json };

export const all: Dsl = { match_all: {} };
export const none: Dsl = { match_none: {} };

export const term = (field: string, value: Json): Dsl => ({ term: { [field]: { value } } });
export const exists = (field: string): Dsl => ({ exists: { field } });
export const range = (field: string, bounds: { [bound: string]: Json }): Dsl => ({ range: { [field]: bounds } });

/** Conditions that must all hold, none of them scored. */
export function allOf(items: readonly Dsl[]): Dsl {
  const needed = items.filter((item) => item !== all);
  if (needed.includes(none)) return none;
  return needed.length === 0 ? all : needed.length === 1 ? needed[0]! : { bool: { filter: needed } };
}

/** Conditions of which one must hold. */
export function anyOf(items: readonly Dsl[]): Dsl {
  const possible = items.filter((item) => item !== none);
  if (possible.includes(all)) return all;
  return possible.length === 0 ? none : possible.length === 1 ? possible[0]! : { bool: { should: possible, minimum_should_match: 1 } };
}

export function not(item: Dsl): Dsl {
  if (item === all) return none;
  return item === none ? all : { bool: { must_not: [item] } };
}

/**
 * What the index can say of a condition: every record that satisfies it is in `upper`, every record in `lower` satisfies it. One object for both
 * says that the index decides exactly; what lies between the two has to be read and looked at.
 */
export type Bounds = { upper: Dsl; lower: Dsl };

export const exactly = (dsl: Dsl): Bounds => ({ upper: dsl, lower: dsl });
export const atMost = (upper: Dsl): Bounds => (upper === none ? exactly(none) : { upper, lower: none });
export const isExact = ({ upper, lower }: Bounds): boolean => upper === lower;

const joined =
  (join: (items: readonly Dsl[]) => Dsl) =>
  (items: readonly Bounds[]): Bounds =>
    items.every(isExact)
      ? exactly(join(items.map(({ upper }) => upper)))
      : { upper: join(items.map(({ upper }) => upper)), lower: join(items.map(({ lower }) => lower)) };

export const allBounds = joined(allOf);
export const anyBounds = joined(anyOf);
export const notBounds = (item: Bounds): Bounds =>
  isExact(item) ? exactly(not(item.upper)) : { upper: not(item.lower), lower: not(item.upper) };
