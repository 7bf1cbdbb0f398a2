import type { Texts } from '../parquet/decode-plain.ts';
import { type ColumnData, textAt } from '../rows.ts';
import type { Selection } from '../selection.ts';
import type { ColumnTest } from './condition.ts';
import type { Needle } from './needle.ts';

/** From this many texts on, a search through all of them at once is cheaper than one in each. */
const manyTexts = 32;

/** Keeps the rows whose texts satisfy the test; decodes only what bytes cannot decide. */
export function keepTexts(
  test: ColumnTest,
  { texts, base, asciiFold }: Extract<ColumnData, { kind: 'texts' }>,
  selection: Selection,
): void {
  const { bytes, starts, ends, present } = texts;
  if (present) selection.keep((row) => present[row - base] === 1);
  if (test.presence) return;
  const { probe, accepts } = test;
  if (probe?.kind === 'start') {
    const { start, whole } = probe;
    selection.keep((row) => {
      const from = starts[row - base]!;
      const size = ends[row - base]! - from;
      return (
        (whole ? size === start.length : size >= start.length) && bytes.compare(start, 0, start.length, from, from + start.length) === 0
      );
    });
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

function keepHolding(needle: Needle, texts: Texts, base: number, selection: Selection): void {
  const { rows, count } = selection;
  if (count === 0) return;
  const first = rows[0]! - base;
  const last = rows[count - 1]! - base;
  if (count >= manyTexts && count * 4 > last - first) needle.keepHolding(texts, base, selection);
  else selection.keep((row) => needle.isIn(texts.bytes, texts.starts[row - base]!, texts.ends[row - base]!));
}
