import { includes } from '../../core/intervals.ts';
import type { ReadStats } from '../../query/plan.ts';
import { fold } from '../../query/text.ts';
import { mayHold } from '../bloom.ts';
import { attributeColumn, overflowColumn } from '../columns.ts';
import type { PartGroup } from '../group.ts';
import { hashColumn, hashNumber, hashOnPage, hashValue } from '../hash.ts';
import type { Steps } from '../steps.ts';
import { type TextTerm, textTerms } from '../tokens.ts';
import type { ColumnTest, Condition } from './condition.ts';
import { requiredTexts } from './probe.ts';

/** Pages between cuts as bits: at most 32. */
type Pages = number;

const allPages = (group: PartGroup): Pages => (group.windows.length >= 32 ? 0xffffffff : (1 << group.windows.length) - 1) >>> 0;
const idColumns = new Set(['trace_id', 'span_id', 'client_id']);

/** Finds the pages of a row group that may hold rows which satisfy the condition, from its index alone; the pages it leaves out hold none. */
export function* pagesOf(condition: Condition, group: PartGroup, stats: ReadStats): Steps<Pages> {
  if (condition.kind === 'test') return yield* pagesOfTest(condition, group, stats);
  if (condition.kind === 'not') return allPages(group);
  const isAll = condition.kind === 'all';
  let pages = isAll ? allPages(group) : 0;
  for (const item of condition.items) {
    const found = yield* pagesOf(item, group, stats);
    pages = (isAll ? pages & found : pages | found) >>> 0;
    if (isAll && pages === 0) break;
  }
  return pages;
}

function* pagesOfTest(test: ColumnTest, group: PartGroup, stats: ReadStats): Steps<Pages> {
  const [column] = test.columns;
  if (column === 'message') return yield* pagesOfMessage(test, group, stats);
  if (test.attribute === undefined && idColumns.has(column!)) return yield* pagesOfId(test, column!, group, stats);
  if (column === 'offset') return mayHoldOffset(test, group) ? allPages(group) : 0;
  for (const name of test.columns) if (yield* mayColumnHold(test, name, group, stats)) return allPages(group);
  if (test.attribute !== undefined && (yield* mayOverflowHold(test, group, stats))) return allPages(group);
  return 0;
}

const mayHoldOffset = ({ values }: ColumnTest, group: PartGroup): boolean =>
  !values || group.offsets.some(({ offsets }) => values.some((value) => typeof value === 'number' && includes(offsets, value)));

function* mayColumnHold(test: ColumnTest, name: string, group: PartGroup, stats: ReadStats): Steps<boolean> {
  const place = group.placeOf(name);
  if (!place) return false;
  if (!test.values || !place.filtered) return true;
  const filter = yield* group.filter(stats);
  const state = hashColumn(name);
  const isText = place.type === 'string';
  return test.values.some((value) =>
    typeof value === 'string' ? isText && mayHold(filter, hashValue(state, value)) : !isText && mayHold(filter, hashOf(state, value)),
  );
}

const hashOf = (state: number, value: number | boolean): number => hashNumber(state, Number(value));

function* mayOverflowHold(test: ColumnTest, group: PartGroup, stats: ReadStats): Steps<boolean> {
  if (!group.has(overflowColumn)) return false;
  const filter = yield* group.filter(stats);
  const named = (type: 'str' | 'num' | 'bool'): number => hashColumn(attributeColumn(type, test.attribute!));
  if (!test.values) return test.columns.some((name) => mayHold(filter, hashColumn(name)));
  return test.values.some((value) => {
    if (typeof value === 'boolean') return mayHold(filter, named('bool'));
    const hash = typeof value === 'string' ? hashValue(named('str'), value) : hashOf(named('num'), value);
    return mayHold(filter, hash);
  });
}

function* pagesOfId(test: ColumnTest, name: string, group: PartGroup, stats: ReadStats): Steps<Pages> {
  if (!group.has(name)) return 0;
  if (!test.values) return allPages(group);
  const filter = yield* group.filter(stats);
  const state = hashColumn(name);
  const hashes = test.values
    .flatMap((value) => (typeof value === 'string' ? [hashValue(state, value)] : []))
    .filter((hash) => mayHold(filter, hash));
  if (hashes.length === 0) return 0;
  const onPages = yield* group.idPages(stats);
  if (!onPages) return allPages(group);
  let pages = 0;
  for (const { index } of group.windows) if (hashes.some((hash) => mayHold(onPages, hashOnPage(hash, index)))) pages |= 1 << index;
  return pages >>> 0;
}

function* pagesOfMessage(test: ColumnTest, group: PartGroup, stats: ReadStats): Steps<Pages> {
  if (!group.has('message')) return 0;
  if (!group.place.prunable) return allPages(group);
  let pages = 0;
  for (const terms of alternatives(test)) pages |= yield* pagesOfTerms(terms, group, stats);
  return pages >>> 0;
}

/** What the index must hold, once for each value where any of several would do. */
function alternatives(test: ColumnTest): TextTerm[][] {
  if (test.values) return test.values.flatMap((value) => (typeof value === 'string' ? [textTerms(fold(value), true, true)] : []));
  if (test.leaf.kind === 'prefix') return [textTerms(fold(test.leaf.text), true, false)];
  const required = requiredTexts(test.leaf);
  return [required?.flatMap(({ text, isToken }) => textTerms(fold(text), isToken, isToken)) ?? []];
}

function* pagesOfTerms(terms: TextTerm[], group: PartGroup, stats: ReadStats): Steps<Pages> {
  let pages = allPages(group);
  for (const term of terms) {
    if (term.kind === 'token') {
      if (!mayHold(yield* group.filter(stats), term.hash)) return 0;
      continue;
    }
    const words = yield* group.words(stats);
    if (words) pages = (pages & words.pagesOf(term.bytes, term.left, term.right)) >>> 0;
    if (pages === 0) return 0;
  }
  return pages;
}
