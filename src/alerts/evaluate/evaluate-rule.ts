import type { Comparison } from '../../query/ast/expression.ts';
import { durationText } from '../../query/ast/time.ts';
import { printFilter } from '../../query/parse/print-text.ts';
import type { Absence, RuleValue } from '../rule/rule.ts';
import { countOf, isSeen } from '../windows/slot-book.ts';
import type { BoundCondition, CompiledRule } from './compile.ts';
import { compute } from './compute.ts';
import { numberText } from './template.ts';

/** What a rule may ask of others: whether one fires, for a group or for any. */
export type Firing = (rule: string, group: string | undefined) => boolean;

/** A moment of one rule. */
export type Moment = { atUs: number; isFiring: Firing };

const compare: Record<Comparison, (a: number, b: number) => boolean> = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

/** The names of the groups that are there at a moment; the one without keys always. `more` are groups with a state. */
export function groupsAt({ rule, universes }: CompiledRule, atUs: number, more: Iterable<string>): Set<string> {
  if (rule.by.length === 0) return new Set(['']);
  const names = new Set(more);
  for (const { look, seenUs } of universes) {
    for (const series of look()?.values() ?? []) if (isSeen(series, atUs - seenUs, atUs)) names.add(series.name);
  }
  return names;
}

/** Whether the condition holds for a group. A comparison with nothing to compute does not. */
export function holds(node: BoundCondition, group: string, moment: Moment): boolean {
  switch (node.kind) {
    case 'compare': {
      const value = compute(node.of.left, node.looks, group, moment.atUs);
      return value !== null && compare[node.of.op](value, node.of.right);
    }
    case 'absent':
      return isAbsent(node, group, moment.atUs);
    case 'and':
      return node.items.every((item) => holds(item, group, moment));
    case 'or':
      return node.items.some((item) => holds(item, group, moment));
    case 'not':
      return !holds(node.item, group, moment);
    case 'rule':
      return moment.isFiring(node.name, node.isSameGroups ? group : undefined);
  }
}

function isAbsent({ of, look }: Extract<BoundCondition, { kind: 'absent' }>, group: string, atUs: number): boolean {
  const series = look()?.get(of.by.length === 0 ? '' : group);
  const fromUs = atUs - of.windowUs;
  if (!series) return of.by.length === 0;
  if (isSeen(series, fromUs, atUs)) return false;
  return of.by.length === 0 || isSeen(series, atUs - of.seenUs, fromUs);
}

/** The number to show: that of the first comparison which decides, else of the first. */
export function shownValue(node: BoundCondition, group: string, moment: Moment): number | null {
  return leavesOf(node, group, moment).toSorted((a, b) => Number(b.holds) - Number(a.holds))[0]?.value ?? null;
}

/** Says in words what the condition's parts came to. */
export function reasonOf(node: BoundCondition, group: string, moment: Moment): string {
  const leaves = leavesOf(node, group, moment);
  const shown = leaves.slice(0, 5).map(({ text }) => text);
  return shown.join('; ') + (leaves.length > shown.length ? `; and ${leaves.length - shown.length} more` : '');
}

type LeafSeen = { value: number | null; holds: boolean; text: string };

function leavesOf(node: BoundCondition, group: string, moment: Moment): LeafSeen[] {
  if ('items' in node) return node.items.flatMap((item) => leavesOf(item, group, moment));
  if (node.kind === 'not') return leavesOf(node.item, group, moment);
  const isTrue = holds(node, group, moment);
  if (node.kind === 'rule') return [{ value: null, holds: isTrue, text: `rule ${node.name} ${isTrue ? 'fires' : 'does not fire'}` }];
  if (node.kind === 'absent') {
    const { of, look } = node;
    const series = look()?.get(of.by.length === 0 ? '' : group);
    const count = series ? countOf(series, moment.atUs - of.windowUs, moment.atUs) : 0;
    return [{ value: count, holds: isTrue, text: `${count} ${of.from}${filterText(of)} in ${durationText(of.windowUs)}` }];
  }
  const { left, op, right } = node.of;
  const value = compute(left, node.looks, group, moment.atUs);
  const came = value === null ? 'has nothing to compute' : `is ${numberText(value)}`;
  return [{ value, holds: isTrue, text: `${valueText(left)} ${came}, ${isTrue ? '' : 'not '}${op} ${numberText(right)}` }];
}

function valueText(value: RuleValue): string {
  const { fn, field, percent, windowUs, part, historyUs } = value;
  const name = fn === 'percentile' ? `p${percent}` : fn;
  const of = field === undefined ? '' : ` of ${field}`;
  const share = part ? ` with ${printFilter(part)}` : '';
  const beside = historyUs === undefined ? '' : ` beside the ${durationText(historyUs)} before`;
  return `${name}${of}${share}${filterText(value)} over ${durationText(windowUs)}${beside}`;
}

function filterText({ where }: RuleValue | Absence): string {
  const text = printFilter(where);
  return text === '*' ? '' : ` (${text.length > 200 ? `${text.slice(0, 200)}…` : text})`;
}
