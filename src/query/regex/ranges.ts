/** A set of code points as ranges, both ends included. */
export type Ranges = readonly (readonly [from: number, to: number])[];

const digit: Ranges = [[0x30, 0x39]];
const space: Ranges = [
  [9, 10],
  [12, 13],
  [32, 32],
];
const word: Ranges = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
/** `\d`, `\s` and `\w`. */
export const perl: Record<string, Ranges> = { d: digit, s: space, w: word };
/** Classes like `[:alpha:]`. */
export const posix: Record<string, Ranges> = {
  alnum: [digit[0]!, word[1]!, word[3]!],
  alpha: [word[1]!, word[3]!],
  ascii: [[0, 0x7f]],
  blank: [
    [9, 9],
    [32, 32],
  ],
  cntrl: [
    [0, 31],
    [127, 127],
  ],
  digit,
  graph: [[33, 126]],
  lower: [word[3]!],
  print: [[32, 126]],
  punct: [
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ],
  space: [
    [9, 13],
    [32, 32],
  ],
  upper: [word[1]!],
  word,
  xdigit: [digit[0]!, [0x41, 0x46], [0x61, 0x66]],
};

/** The code points that are in none of the ranges, which must be sorted. */
export function complement(ranges: Ranges): Ranges {
  const out: (readonly [number, number])[] = [];
  let from = 0;
  for (const [start, end] of ranges) {
    if (start > from) out.push([from, start - 1]);
    from = Math.max(from, end + 1);
  }
  if (from <= 0x10ffff) out.push([from, 0x10ffff]);
  return out;
}
