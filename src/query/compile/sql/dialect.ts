import type { RegexNode } from '../../regex/parse.ts';
import type { Sql } from './fragment.ts';

/** What engines that speak SQL say differently; everything else is written once. Conditions may be NULL, which counts as false. */
export type Dialect = {
  /** The table of rows of these files, columns joined by name; files that lack a column have NULL there. `columns`: those that are read of it. */
  files(paths: readonly string[], columns: readonly string[]): Sql;
  /** A type of column: what NULL is cast to. */
  types: { text: Sql; number: Sql; boolean: Sql };
  /** A time as epoch microseconds, a DOUBLE. */
  microseconds(time: Sql): Sql;
  toNumber(value: Sql): Sql;
  floor(value: Sql): Sql;
  /** What `fold` of `query/text.ts` makes of a text, as far as it takes to look for `folded` in it. */
  fold(text: Sql, folded: string): Sql;
  contains(text: Sql, part: Sql): Sql;
  startsWith(text: Sql, start: Sql): Sql;
  /** `%` any characters, `_` one, `\` the next as it is. */
  like(text: Sql, pattern: Sql): Sql;
  /** RE2, unanchored. */
  matches(text: Sql, pattern: string): Sql;
  /** Spells a parsed pattern for `matches`; undefined where it has no equal. */
  pattern(node: RegexNode): string | undefined;
  /** The value of a key in the text of a flat JSON object, as each type it may have. */
  json(object: Sql, key: string): { text: Sql; number: Sql; boolean: Sql };
  /** One digit of base 32 of a whole number: that of the place with this weight. */
  digit32(value: Sql, weight: Sql): Sql;
  /** Linear interpolation between closest ranks; `share` from 0 to 1. */
  percentile(value: Sql, share: Sql): Sql;
  /** A text that is a result, so that it arrives as it is; `shown` turns it back. */
  show(text: Sql): Sql;
  shown(text: string): string;
};
