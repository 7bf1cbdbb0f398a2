import type { ReadStats } from '../../query/plan.ts';
import { overflowColumn } from '../columns.ts';
import type { Dictionary } from '../parquet/decode-plain.ts';
import type { ColumnData, RowGroup, Window } from '../rows.ts';
import type { Selection } from '../selection.ts';
import type { Steps } from '../steps.ts';
import type { ColumnTest, Condition } from './condition.ts';
import { keepTexts } from './keep-texts.ts';

/** Where a condition is evaluated. */
export type Place = { group: RowGroup; window: Window; stats: ReadStats };

/** Keeps of the selected rows those that satisfy the condition. Loads no column when no row is left that needs it. */
export function* keepMatching(condition: Condition, place: Place, selection: Selection): Steps<void> {
  if (selection.count === 0) return;
  if (condition.kind === 'test') yield* keepTested(condition, place, selection);
  else if (condition.kind === 'not') yield* keepOthers(condition.item, place, selection);
  else if (condition.kind === 'any') yield* keepAny(condition.items, place, selection);
  else for (const item of condition.items) yield* keepMatching(item, place, selection);
}

function* keepOthers(item: Condition, place: Place, selection: Selection): Steps<void> {
  const matching = selection.copy();
  yield* keepMatching(item, place, matching);
  selection.remove(matching);
}

function* keepAny(items: Condition[], place: Place, selection: Selection): Steps<void> {
  const open = selection.copy();
  for (const item of items) {
    if (open.count === 0) return;
    const matching = open.copy();
    yield* keepMatching(item, place, matching);
    open.remove(matching);
  }
  selection.remove(open);
}

function* keepTested(test: ColumnTest, { group, window, stats }: Place, selection: Selection): Steps<void> {
  const keepers: ((rows: Selection) => void)[] = [];
  for (const name of test.columns) {
    const data = yield* group.load(name, window, stats);
    if (data) keepers.push((rows) => keepBy(test, data, rows));
  }
  const { overflow } = test;
  const rest = overflow && (yield* group.load(overflowColumn, window, stats));
  if (overflow && rest) keepers.push((rows) => keepBy(overflow, rest, rows));
  if (keepers.length === 1) keepers[0]!(selection);
  else keepByAny(keepers, selection);
}

function keepByAny(keepers: ((rows: Selection) => void)[], selection: Selection): void {
  const open = selection.copy();
  for (const keep of keepers) {
    const matching = open.copy();
    keep(matching);
    open.remove(matching);
  }
  selection.remove(open);
}

function keepBy(test: ColumnTest, data: ColumnData, selection: Selection): void {
  if (data.kind === 'codes') keepCodes(test, data, selection);
  else if (data.kind === 'texts') keepTexts(test, data, selection);
  else if (data.kind === 'flags') {
    const { values, base } = data;
    const answers = [false, test.accepts(false), test.accepts(true)];
    selection.keep((row) => answers[values[row - base]!]!);
  } else {
    const { values, base } = data;
    const { accepts } = test;
    selection.keep((row) => !Number.isNaN(values[row - base]!) && accepts(values[row - base]!));
  }
}

function keepCodes(test: ColumnTest, { codes, dictionary, base }: Extract<ColumnData, { kind: 'codes' }>, selection: Selection): void {
  const answers = answersOf(test, dictionary);
  const { rows, count } = selection;
  let n = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    const code = codes[row - base]!;
    let answer = answers[code]!;
    if (answer === 2) {
      answer = test.accepts(dictionary.value(code)) ? 1 : 0;
      answers[code] = answer;
    }
    if (answer === 1) rows[n++] = row;
  }
  selection.count = n;
}

function answersOf(test: ColumnTest, dictionary: Dictionary): Uint8Array {
  let answers = test.answers.get(dictionary);
  if (!answers) {
    answers = new Uint8Array(dictionary.count + 1).fill(2, 1);
    test.answers.set(dictionary, answers);
  }
  return answers;
}
