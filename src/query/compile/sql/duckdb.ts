import { toRe2 } from '../../regex/to-re2.ts';
import type { Dialect } from './dialect.ts';
import { bound, type Sql, sql, text } from './fragment.ts';
import { folding, type LetterRuns } from './letters.ts';

const base32 = sql`'0123456789abcdefghjkmnpqrstvwxyz'`;

/**
 * Letters that DuckDB's `lower` leaves as they are and JavaScript does not: younger than its Unicode tables; and the final sigma, which `fold` makes a
 * sigma. Held against every code point by a test. U+0130 it makes the first of its two letters.
 */
const laterLetters: LetterRuns = [
  [0x3c2, 0x3c2, 1],
  [0x1c89, 0x1c89, 1],
  [0xa7cb, 0xa7cb, 0x264 - 0xa7cb],
  [0xa7cc, 0xa7cc, 1],
  [0xa7ce, 0xa7ce, 1],
  [0xa7d2, 0xa7d2, 1],
  [0xa7d4, 0xa7d4, 1],
  [0xa7da, 0xa7da, 1],
  [0xa7dc, 0xa7dc, 0x19b - 0xa7dc],
  [0x10d50, 0x10d65, 32],
  [0x16ea0, 0x16eb8, 27],
];

/** A JSON pointer, RFC 6901. */
const pointer = (key: string): Sql => text(`/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);

/** SQL as DuckDB speaks it. */
export const duckDb: Dialect = {
  files: (paths) =>
    sql`read_parquet(${bound({ type: 'texts', values: [...paths] })}, union_by_name = true, hive_partitioning = false, filename = false)`,
  types: { text: sql`VARCHAR`, number: sql`DOUBLE`, boolean: sql`BOOLEAN` },
  microseconds: (time) => sql`CAST(epoch_us(${time}) AS DOUBLE)`,
  toNumber: (value) => sql`CAST(${value} AS DOUBLE)`,
  floor: (value) => sql`floor(${value})`,
  fold: folding(laterLetters),
  contains: (value, part) => sql`contains(${value}, ${part})`,
  startsWith: (value, start) => sql`starts_with(${value}, ${start})`,
  like: (value, pattern) => sql`${value} LIKE ${pattern} ESCAPE '\\'`,
  // The group keeps DuckDB from making LIKE of it, which it does wrongly: of (?:)x it makes "begins with x".
  matches: (value, pattern) => sql`regexp_matches(${value}, ${text(`(${pattern})`)})`,
  pattern: toRe2,
  json(object, key) {
    const at = pointer(key);
    const type = sql`json_type(${object}, ${at})`;
    const value = sql`json_extract_string(${object}, ${at})`;
    return {
      text: sql`CASE WHEN ${type} = 'VARCHAR' THEN ${value} END`,
      number: sql`CASE WHEN ${type} NOT IN ('VARCHAR', 'BOOLEAN') THEN CAST(${value} AS DOUBLE) END`,
      boolean: sql`CASE WHEN ${type} = 'BOOLEAN' THEN ${value} = 'true' END`,
    };
  },
  digit32: (value, weight) => sql`substr(${base32}, CAST(${value} // ${weight} % 32 AS INTEGER) + 1, 1)`,
  percentile: (value, share) => sql`quantile_cont(${value}, ${share})`,
  // The binding drops U+FEFF at the start of a text.
  show: (value) => sql`'=' || ${value}`,
  shown: (value) => value.slice(1),
};
