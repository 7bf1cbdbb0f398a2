import type { Texts } from '../parquet/decode-plain.ts';
import { type ColumnData, textAt } from '../rows.ts';
import type { Selection } from '../selection.ts';
import type { ColumnTest } from './condition.ts';
import { firstEndingBehind, type Needle } from './needle.ts';
import type { Probe } from './probe.ts';

/** From this many texts on, a search through all of them at once is cheaper than one in each. */
const manyTexts = 32;

/** Keeps the rows whose texts satisfy the test; decodes only what bytes cannot decide. */
export function keepTexts(
  test: ColumnTest,
  { texts, base, asciiFold }: Extract<ColumnData, { kind: 'texts' }>,
  selection: Selection,
): void {
  const { present } = texts;
  if (present) selection.keep((row) => present[row - base] === 1);
  if (test.presence) return;
  const { probe, accepts } = test;
  if (probe?.kind === 'start') {
    keepStarting(probe, texts, base, selection);
    return;
  }
  const needles = probe?.needles.filter(({ caseless }) => asciiFold || !caseless) ?? [];
  for (const needle of needles.sort((a, b) => a.share - b.share)) {
    needle.tried += selection.count;
    keepHolding(needle, texts, base, selection);
    needle.found += selection.count;
  }
  if (probe?.exact && needles.length === probe.needles.length) return;
  selection.keep((row) => accepts(textAt(texts, row - base)));
}

/** A whole text of so many bytes rarely stands in others: it is looked for in all of them at once. */
const rareBytes = 8;

function keepStarting({ start, whole }: Extract<Probe, { kind: 'start' }>, texts: Texts, base: number, selection: Selection): void {
  if (whole && start.length >= rareBytes && isDense(selection)) {
    keepEqual(start, texts, base, selection);
    return;
  }
  const { bytes, starts, ends } = texts;
  selection.keep((row) => {
    const from = starts[row - base]!;
    const size = ends[row - base]! - from;
    return (whole ? size === start.length : size >= start.length) && bytes.compare(start, 0, start.length, from, from + start.length) === 0;
  });
}

/** Keeps the rows whose whole text is `text`, by one search through the bytes from the first of them to the last. */
function keepEqual(text: Buffer, { bytes, starts, ends }: Texts, base: number, selection: Selection): void {
  const { rows, count } = selection;
  const searched = bytes.subarray(0, ends[rows[count - 1]! - base]);
  let kept = 0;
  let i = 0;
  for (let at = searched.indexOf(text, starts[rows[0]! - base]); at >= 0 && i < count; ) {
    i = firstEndingBehind(at, ends, base, rows, i, count);
    const row = rows[i]! - base;
    if (starts[row] === at && ends[row] === at + text.length) {
      rows[kept++] = rows[i++]!;
      at = searched.indexOf(text, ends[row]);
    } else at = searched.indexOf(text, at + 1);
  }
  selection.count = kept;
}

/** Whether many texts that stand side by side are to be looked at. */
function isDense({ rows, count }: Selection): boolean {
  return count >= manyTexts && count * 4 > rows[count - 1]! - rows[0]!;
}

function keepHolding(needle: Needle, texts: Texts, base: number, selection: Selection): void {
  if (isDense(selection)) needle.keepHolding(texts, base, selection);
  else selection.keep((row) => needle.isIn(texts.bytes, texts.starts[row - base]!, texts.ends[row - base]!));
}
