/** A value in a query. Compared by type: a number never equals a string. */
export type Scalar = string | number | boolean;

export type Comparison = '=' | '!=' | '>' | '>=' | '<' | '<=';

/**
 * What a record must satisfy. `field` is a name of the vocabulary (`service`, `message`, `timestamp`, ...) or an attribute's dotted key, with or
 * without the prefix `attributes.`: see `fieldOf`.
 *
 * `match`: every token of the text is a token of the field, case-insensitive (ASCII and Unicode simple folding); a token is a run of letters, digits and `_`.
 * `phrase`: the tokens stand next to each other in that order. `contains`: the text is a substring, case-insensitive. `prefix` and
 * `wildcard` (`*`, `?`) take the whole field, case-sensitive. `regex` is RE2 syntax, unanchored.
 * A missing field satisfies `!=` and `not`, nothing else. Ranges are [from, to).
 */
export type Expression =
  | { kind: 'and'; items: Expression[] }
  | { kind: 'or'; items: Expression[] }
  | { kind: 'not'; item: Expression }
  | { kind: 'compare'; op: Comparison; field: string; value: Scalar }
  | { kind: 'in'; field: string; values: Scalar[] }
  | { kind: 'exists'; field: string }
  | { kind: 'match' | 'phrase' | 'contains' | 'prefix' | 'wildcard' | 'regex'; field: string; text: string };

export type ExpressionKind = Expression['kind'];

/** Satisfied by every record. */
export const everything: Expression = { kind: 'and', items: [] };

/** Joins conditions by AND, flat, leaving out what is always true. */
export function allOf(...items: (Expression | undefined)[]): Expression {
  const flat = items.flatMap((item) => (item === undefined ? [] : item.kind === 'and' ? item.items : [item]));
  return flat.length === 1 ? flat[0]! : { kind: 'and', items: flat };
}
