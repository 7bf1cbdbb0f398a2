import { type Sql, sql, text } from './fragment.ts';

/** Runs of upper-case letters: [first, last, distance to the lower-case letter]. */
export type LetterRuns = readonly (readonly [first: number, last: number, distance: number])[];

/**
 * Makes what an engine's `lower` leaves as it is lower-case as `fold` of `query/text.ts` has it: letters younger than its Unicode tables, the final sigma,
 * and U+0130, the one letter that becomes two. Does only what it takes to look for `folded`.
 */
export function folding(runs: LetterRuns): (value: Sql, folded: string) => Sql {
  const spelt = (of: (code: number, distance: number) => number) =>
    runs
      .flatMap(([first, last, distance]) => Array.from({ length: last - first + 1 }, (_, i) => of(first + i, distance)))
      .map((code) => String.fromCodePoint(code))
      .join('');
  const upper = spelt((code) => code);
  const lower = spelt((code, distance) => code + distance);
  const isLater = new RegExp(`[${lower}]`, 'u');
  return (value, folded) => {
    const exact = /i|\u0307/.test(folded) ? sql`replace(${value}, '\u0130', 'i\u0307')` : value;
    const lowered = sql`lower(${exact})`;
    return isLater.test(folded) ? sql`translate(${lowered}, ${text(upper)}, ${text(lower)})` : lowered;
  };
}
