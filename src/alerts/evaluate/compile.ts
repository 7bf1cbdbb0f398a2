import { type Absence, absencesOf, type Condition, type Rule, type RuleValue, referencesOf, valuesOf } from '../rule/rule.ts';
import { type Scan, type Share, shareScans, type Want } from '../windows/share-scans.ts';
import { type SeriesGroup, SlotBook } from '../windows/slot-book.ts';
import { wantOfAbsence, wantsOf } from './families.ts';

/** A rule as it is kept: its version, since when it is evaluated (epoch microseconds), and whether it was deleted and has only its alerts to end. */
export type KeptRule = { rule: Rule; version: number; sinceUs: number; isRetired: boolean };

/** Where the groups of one family are found. */
export type Look = () => SeriesGroup | undefined;

export type BoundCondition =
  | { kind: 'compare'; of: Extract<Condition, { kind: 'compare' }>; looks: Look[] }
  | { kind: 'absent'; of: Absence; look: Look }
  | { kind: 'and' | 'or'; items: BoundCondition[] }
  | { kind: 'not'; item: BoundCondition }
  | { kind: 'rule'; name: string; isSameGroups: boolean };

export type CompiledRule = KeptRule & {
  tenant: string;
  bound: BoundCondition;
  /** Whose groups are looked through, and how far back a group counts as there. */
  universes: { look: Look; seenUs: number }[];
  /** Rules that ask for each other are kept together: the name of the first of them. */
  home: string | undefined;
};

export type CompiledRules = { tenant: string; rules: CompiledRule[]; scans: Scan[]; books: Map<string, SlotBook> };

/**
 * Compiles the rules of a tenant: shares their scans, and puts rules behind those that they ask for. References to rules that are not there, and
 * circles of them, count as never firing (saving refuses them; deleting may leave some). `kept` are the books of scans that go on.
 */
export function compileRules(
  tenant: string,
  rules: readonly KeptRule[],
  atUs: number,
  kept?: ReadonlyMap<string, SlotBook>,
): CompiledRules {
  const wants: Want[] = [];
  const live = rules.map((item) => ({ item, firstWant: wants.push(...(item.isRetired ? [] : wantsOfRule(item.rule))) }));
  const { scans, shares } = shareScans(wants);
  const books = new Map<string, SlotBook>();
  for (const scan of scans) {
    const known = kept?.get(scan.id);
    // A book that reaches less far back than is wanted now is read anew.
    books.set(scan.id, known && known.toUs - known.fromUs >= scan.keepUs ? known : new SlotBook(scan.lifted, atUs));
  }
  const byName = new Map(rules.map((item) => [item.rule.name, item.rule]));
  const homes = homesOf(rules.map(({ rule }) => rule));
  const compiled = live.map(({ item, firstWant }): CompiledRule => {
    const { rule, isRetired } = item;
    const own = isRetired ? [] : shares.slice(firstWant - wantsOfRule(rule).length, firstWant);
    const looks = own.map(({ scan, under }: Share): Look => {
      const book = books.get(scan.id)!;
      return () => book.under(under);
    });
    const bind = binder(rule, looks, byName);
    const bound = isRetired ? ({ kind: 'or', items: [] } satisfies BoundCondition) : bind.condition(rule.condition);
    return { ...item, tenant, bound, universes: bind.universes, home: homes.get(rule.name) };
  });
  return { tenant, rules: inOrder(compiled), scans, books };
}

const wantsOfRule = ({ condition }: Rule): Want[] => wantsInOrder(condition);

function wantsInOrder(condition: Condition): Want[] {
  if (condition.kind === 'compare') return wantsOf(condition.left);
  if (condition.kind === 'absent') return [wantOfAbsence(condition.of)];
  if (condition.kind === 'not') return wantsInOrder(condition.item);
  return condition.kind === 'rule' ? [] : condition.items.flatMap(wantsInOrder);
}

function binder(rule: Rule, looks: Look[], byName: ReadonlyMap<string, Rule>) {
  let next = 0;
  const universes: CompiledRule['universes'] = [];
  const add = (by: string[], seenUs: number, own: Look[]) => {
    if (by.length > 0) for (const look of own) universes.push({ look, seenUs });
  };
  const condition = (node: Condition): BoundCondition => {
    if (node.kind === 'compare') {
      const { left } = node;
      const own = looks.slice(next, next + wantsOf(left).length);
      next += own.length;
      add(left.by, left.windowUs, own.slice(0, 1));
      return { kind: 'compare', of: node, looks: own };
    }
    if (node.kind === 'absent') {
      const look = looks[next++]!;
      add(node.of.by, node.of.seenUs, [look]);
      return { kind: 'absent', of: node.of, look };
    }
    if (node.kind === 'not') return { kind: 'not', item: condition(node.item) };
    if (node.kind === 'rule') {
      const by = byName.get(node.name)?.by ?? [];
      return { kind: 'rule', name: node.name, isSameGroups: rule.by.length > 0 && by.join('\n') === rule.by.join('\n') };
    }
    return { kind: node.kind, items: node.items.map(condition) };
  };
  return { condition, universes };
}

/** Which rules belong together, by the references between them. */
function homesOf(rules: readonly Rule[]): Map<string, string> {
  const homes = new Map<string, string>();
  const find = (name: string): string => {
    let at = name;
    for (let next = homes.get(at); next !== undefined && next !== at; next = homes.get(at)) at = next;
    return at;
  };
  const names = new Set(rules.map(({ name }) => name));
  for (const { name, condition } of rules) {
    for (const other of referencesOf(condition)) {
      if (!names.has(other)) continue;
      const [a, b] = [find(name), find(other)].sort();
      homes.set(a!, a!);
      homes.set(b!, a!);
    }
  }
  return new Map([...homes.keys()].map((name) => [name, find(name)]));
}

function inOrder(rules: CompiledRule[]): CompiledRule[] {
  if (rules.every(({ rule }) => referencesOf(rule.condition).length === 0)) return rules;
  const byName = new Map(rules.map((item) => [item.rule.name, item]));
  const done = new Set<CompiledRule>();
  const place = (item: CompiledRule, above: Set<CompiledRule>) => {
    if (done.has(item) || above.has(item)) return;
    above.add(item);
    for (const name of referencesOf(item.rule.condition)) {
      const other = byName.get(name);
      if (other) place(other, above);
    }
    done.add(item);
  };
  for (const item of rules) place(item, new Set());
  return [...done];
}

/** How far back the windows of a rule reach: what must be stored to evaluate it. */
export function reachOf({ condition }: Rule): number {
  const values = valuesOf(condition).map(({ windowUs, historyUs = 0 }: RuleValue) => windowUs + historyUs);
  return Math.max(0, ...values, ...absencesOf(condition).map(({ seenUs }) => seenUs));
}
