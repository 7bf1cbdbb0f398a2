import { toRe2 } from '../../regex/to-re2.ts';
import type { Dialect } from './dialect.ts';
import { type Sql, sql, text } from './fragment.ts';
import { folding, type LetterRuns } from './letters.ts';

const base32 = sql`'0123456789abcdefghjkmnpqrstvwxyz'`;

/** Letters that came after Unicode 13, which the oldest Java that Athena may run on has; and the final sigma. Held against every code point by a test. */
const laterLetters: LetterRuns = [
  [0x3c2, 0x3c2, 1],
  [0x1c89, 0x1c89, 1],
  [0x2c2f, 0x2c2f, 48],
  [0xa7c0, 0xa7c0, 1],
  [0xa7cb, 0xa7cb, 0x264 - 0xa7cb],
  [0xa7cc, 0xa7cc, 1],
  [0xa7ce, 0xa7ce, 1],
  [0xa7d0, 0xa7d0, 1],
  [0xa7d2, 0xa7d2, 1],
  [0xa7d4, 0xa7d4, 1],
  [0xa7d6, 0xa7d6, 1],
  [0xa7d8, 0xa7d8, 1],
  [0xa7da, 0xa7da, 1],
  [0xa7dc, 0xa7dc, 0x19b - 0xa7dc],
  [0x10570, 0x1057a, 39],
  [0x1057c, 0x1058a, 39],
  [0x1058c, 0x10592, 39],
  [0x10594, 0x10595, 39],
  [0x10d50, 0x10d65, 32],
  [0x16ea0, 0x16eb8, 27],
];

/** Where a word begins or ends, of ASCII letters as RE2 has it: the `\b` of Java's syntax is of all letters. */
const wordEdge = '(?:(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?![0-9A-Za-z_]))';
const nothing = '[^\\x{0}-\\x{10ffff}]';

/** A key as a subscript of a JSON path: quoted, with `"` and `\` escaped. */
const pathOf = (key: string): Sql => text(`$["${key.replace(/["\\]/g, '\\$&')}"]`);

/**
 * SQL as Trino 476 speaks it, and Athena's engine 3, which is a fork of an older one. Times are BIGINT columns of microseconds: as timestamps Athena cuts
 * them to milliseconds. `files` names the tables.
 */
export const trino = (files: Dialect['files']): Dialect => ({
  files,
  types: { text: sql`VARCHAR`, number: sql`DOUBLE`, boolean: sql`BOOLEAN` },
  microseconds: (time) => sql`CAST(${time} AS DOUBLE)`,
  toNumber: (value) => sql`CAST(${value} AS DOUBLE)`,
  floor: (value) => sql`floor(${value})`,
  fold: folding(laterLetters),
  contains: (value, part) => sql`strpos(${value}, ${part}) > 0`,
  startsWith: (value, start) => sql`starts_with(${value}, ${start})`,
  like: (value, pattern) => sql`${value} LIKE ${pattern} ESCAPE '\\'`,
  matches: (value, pattern) => sql`regexp_like(${value}, ${text(pattern)})`,
  pattern: (node) => toRe2(node)?.replaceAll('\\b', wordEdge).replaceAll(nothing, '(?!)'),
  json(object, key) {
    const value = sql`json_extract(${object}, ${pathOf(key)})`;
    const shown = sql`json_format(${value})`;
    const first = sql`substr(${shown}, 1, 1)`;
    return {
      text: sql`CASE WHEN ${first} = '"' THEN CAST(${value} AS VARCHAR) END`,
      number: sql`CASE WHEN ${first} NOT IN ('"', 't', 'f', 'n') THEN TRY_CAST(${shown} AS DOUBLE) END`,
      boolean: sql`CASE WHEN ${first} IN ('t', 'f') THEN ${shown} = 'true' END`,
    };
  },
  digit32: (value, weight) => sql`substr(${base32}, CAST(mod(${value} / ${weight}, 32) AS INTEGER) + 1, 1)`,
  // There is no exact percentile: the values are gathered, sorted, and the two closest ranks joined.
  percentile(value, share) {
    const rank = sql`((cardinality(a) - 1) * ${share})`;
    const at = (place: Sql) => sql`element_at(a, CAST(${place} AS INTEGER) + 1)`;
    const low = at(sql`floor(${rank})`);
    const between = sql`${low} + (${at(sql`ceil(${rank})`)} - ${low}) * (${rank} - floor(${rank}))`;
    return sql`element_at(transform(ARRAY[array_sort(array_agg(${value}) FILTER (WHERE ${value} IS NOT NULL))], a -> ${between}), 1)`;
  },
  // Tells an empty text from none, which some clients take for one.
  show: (value) => sql`'=' || ${value}`,
  shown: (value) => value.slice(1),
});
