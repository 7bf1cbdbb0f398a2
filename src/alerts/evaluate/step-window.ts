import type { AlertLabels, AlertState, Transition } from '../transition.ts';
import type { CompiledRule } from './compile.ts';
import { type AlertEntry, decide } from './decide.ts';
import { groupsAt, holds, type Moment, reasonOf, shownValue } from './evaluate-rule.ts';
import { fingerprintOf } from './fingerprint.ts';
import { entriesOf, type Page, routeOf } from './page.ts';
import { fillIn } from './template.ts';

/** An alert of a rule by its group: computed once, since a group is met in every window. */
type Identity = { fingerprint: string; labels: AlertLabels; route: string };

/** The groups of each rule in which the condition holds at one moment: the same for all pages, so found once. */
type Held = Map<string, number | null>;

/** Evaluates windows of a tenant's rules on pages. Pure but for its memory of names. */
export class WindowStepper {
  readonly #identities = new WeakMap<CompiledRule, Map<string, Identity>>();
  #held = new WeakMap<CompiledRule, Held>();
  #heldAtUs = Number.NaN;

  /** Evaluates the window that ends at `atUs` for the alerts of a page, changes the page, and tells the transitions. */
  step(page: Page, rules: readonly CompiledRule[], atUs: number): Transition[] {
    const steps = this.stepping(page, rules, atUs);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  /** The same with pauses, so that other work can have its turn: the page is whole only at the end. */
  *stepping(page: Page, rules: readonly CompiledRule[], atUs: number): Generator<undefined, Transition[]> {
    const found: Transition[] = [];
    const { unknown } = page;
    const moment: Moment = { atUs, isFiring: (rule, group) => isFiring(page, rule, group) };
    for (const [i, rule] of rules.entries()) {
      if (i % rulesAPause === rulesAPause - 1) yield;
      if (rule.sinceUs >= atUs && !rule.isRetired) continue;
      const entries = page.alerts.get(rule.rule.name);
      if (rule.isRetired && !entries) continue;
      this.#stepRule(page, rule, moment, entries, unknown, found);
    }
    page.evaluatedUs = atUs;
    page.unknown = undefined;
    for (const [name, entries] of page.alerts) if (entries.size === 0) page.alerts.delete(name);
    return found;
  }

  /**
   * Notes that the window which ends at `atUs` cannot be evaluated, since the ledger is behind: every alert becomes unknown, and so does a rule that
   * asks for absence though it has none, since silence and lateness look alike.
   */
  enterUnknown(page: Page, rules: readonly CompiledRule[], atUs: number): Transition[] {
    const found: Transition[] = [];
    const names: string[] = [];
    for (const rule of rules) {
      if (rule.sinceUs >= atUs) continue;
      const entries = page.alerts.get(rule.rule.name);
      for (const entry of entries?.values() ?? []) {
        const was = { from: entry.state, to: 'unknown', value: entry.value, reason: behind } as const;
        found.push(this.#transition(rule, this.#identity(rule, entry.group), entry.startedUs, atUs, was));
      }
      if (entries?.size || !asksForAbsence(rule)) continue;
      const identity = this.#identity(rule, '');
      if (!identity.route.startsWith(page.bits)) continue;
      names.push(rule.rule.name);
      found.push(this.#transition(rule, identity, atUs, atUs, { from: 'inactive', to: 'unknown', value: null, reason: behind }));
    }
    page.unknown = names;
    return found;
  }

  #stepRule(
    page: Page,
    rule: CompiledRule,
    moment: Moment,
    entries: ReadonlyMap<string, AlertEntry> | undefined,
    unknown: string[] | undefined,
    found: Transition[],
  ): void {
    const { atUs } = moment;
    const { name } = rule.rule;
    const before = entries ? new Map(entries) : undefined;
    const touched = new Set<string>();
    for (const [group, value] of this.#heldOf(rule, moment, before)) {
      const identity = this.#identity(rule, group);
      if (!identity.route.startsWith(page.bits)) continue;
      const entry = before?.get(identity.fingerprint);
      if (!entry && rule.home !== undefined && (page.alerts.get(name)?.size ?? 0) >= maxTiedAlerts) continue;
      touched.add(identity.fingerprint);
      const { entry: next, to } = decide(rule.rule, entry, true, atUs);
      entriesOf(page, name).set(identity.fingerprint, { ...next!, group, value });
      const from = fromState(entry, unknown, name, group);
      if (from !== to)
        found.push(
          this.#transition(rule, identity, next!.startedUs, atUs, { from, to, value, reason: reasonOf(rule.bound, group, moment) }),
        );
    }
    for (const [fingerprint, entry] of before ?? []) {
      if (touched.has(fingerprint)) continue;
      const { entry: next, to } = decide(rule.rule, entry, false, atUs);
      const isOwn = !rule.isRetired && this.#identity(rule, entry.group).fingerprint === fingerprint;
      const value = isOwn ? shownValue(rule.bound, entry.group, moment) : null;
      const stays = isOwn ? next : undefined;
      if (stays) entriesOf(page, name).set(fingerprint, { ...stays, value });
      else page.alerts.get(name)?.delete(fingerprint);
      const from: AlertState = unknown ? 'unknown' : entry.state;
      const ends = stays ? to : entry.state === 'firing' ? 'resolved' : 'inactive';
      const reason = rule.isRetired
        ? 'the rule was deleted'
        : isOwn
          ? reasonOf(rule.bound, entry.group, moment)
          : 'the labels of the rule have changed';
      const identity = { ...this.#identity(rule, entry.group), fingerprint };
      if (from !== ends) found.push(this.#transition(rule, identity, entry.startedUs, atUs, { from, to: ends, value, reason }));
    }
    if (unknown?.includes(name) && !(rule.rule.by.length === 0 && touched.size > 0)) {
      const identity = this.#identity(rule, '');
      found.push(
        this.#transition(rule, identity, atUs, atUs, { from: 'unknown', to: 'inactive', value: null, reason: 'the ledger has caught up' }),
      );
    }
  }

  #heldOf(rule: CompiledRule, moment: Moment, entries: ReadonlyMap<string, AlertEntry> | undefined): Held {
    if (rule.isRetired) return new Map();
    if (this.#heldAtUs !== moment.atUs) {
      this.#held = new WeakMap();
      this.#heldAtUs = moment.atUs;
    }
    // What other rules say is asked of the page: it is not shared between pages.
    const isShared = rule.home === undefined;
    const known = isShared ? this.#held.get(rule) : undefined;
    if (known) return known;
    const held: Held = new Map();
    const more = isShared ? [] : [...(entries?.values() ?? [])].map(({ group }) => group);
    for (const group of groupsAt(rule, moment.atUs, more))
      if (holds(rule.bound, group, moment)) held.set(group, shownValue(rule.bound, group, moment));
    if (isShared) this.#held.set(rule, held);
    return held;
  }

  /** Forgets which groups hold: records were added to windows that are there. */
  forget(): void {
    this.#heldAtUs = Number.NaN;
  }

  /** The groups in which a rule's condition holds at a moment, with their values: for amendments. */
  heldAt(rule: CompiledRule, atUs: number): Held {
    this.forget();
    return this.#heldOf(rule, { atUs, isFiring: () => false }, undefined);
  }

  /** The labels of a rule's alert for a group. */
  labelsOf(rule: CompiledRule, group: string): AlertLabels {
    return this.#identity(rule, group).labels;
  }

  /** The 32 bits by which an alert finds its page. */
  routeOf(rule: CompiledRule | undefined, fingerprint: string): string {
    return routeOf(rule?.home, fingerprint);
  }

  #identity(rule: CompiledRule, group: string): Identity {
    let known = this.#identities.get(rule);
    if (!known) {
      known = new Map();
      this.#identities.set(rule, known);
    }
    let identity = known.get(group);
    if (!identity) {
      const labels = { ...rule.rule.labels, ...labelsOfGroup(rule.rule.by, group) };
      const fingerprint = fingerprintOf(rule.tenant, rule.rule.name, labels);
      identity = { fingerprint, labels, route: routeOf(rule.home, fingerprint) };
      if (known.size >= maxKnown) known.clear();
      known.set(group, identity);
    }
    return identity;
  }

  #transition(
    { tenant, rule, version }: CompiledRule,
    { fingerprint, labels }: Identity,
    startedUs: number,
    atUs: number,
    { from, to, value, reason }: Pick<Transition, 'from' | 'to' | 'value' | 'reason'>,
  ): Transition {
    const { name, action, staging } = rule;
    const annotations = Object.fromEntries(
      Object.entries(rule.annotations).map(([key, text]) => [key, fillIn(text, { value, labels, rule: name })]),
    );
    const episode = `${fingerprint}-${startedUs}`;
    return {
      tenant,
      rule: name,
      ruleVersion: version,
      fingerprint,
      episode,
      labels,
      annotations,
      action,
      from,
      to,
      atUs,
      startedUs,
      value,
      reason,
      staging,
    };
  }
}

const behind = 'the ledger is behind: records that were accepted are not in the store yet';
const maxKnown = 100_000;
const rulesAPause = 200;
/** Alerts of one of the rules that ask for each other: they share a page, which cannot be parted between them. */
const maxTiedAlerts = 500;

function fromState(entry: AlertEntry | undefined, unknown: string[] | undefined, name: string, group: string): AlertState {
  if (entry) return unknown ? 'unknown' : entry.state;
  return unknown?.includes(name) && group === '' ? 'unknown' : 'inactive';
}

function isFiring(page: Page, rule: string, group: string | undefined): boolean {
  for (const entry of page.alerts.get(rule)?.values() ?? [])
    if (entry.state === 'firing' && (group === undefined || entry.group === group)) return true;
  return false;
}

function asksForAbsence({ bound }: CompiledRule): boolean {
  const asks = (node: CompiledRule['bound']): boolean =>
    node.kind === 'absent' ||
    (node.kind === 'not' ? asks(node.item) : (node.kind === 'and' || node.kind === 'or') && node.items.some(asks));
  return asks(bound);
}

/** The labels that a group's keys give; a record without a key has no such label. */
function labelsOfGroup(by: readonly string[], group: string): AlertLabels {
  if (by.length === 0 || group === '') return {};
  const key = JSON.parse(group) as (string | number | boolean | null)[];
  return Object.fromEntries(
    by.flatMap((name, i) => (key[i] === null || key[i] === undefined ? [] : [[name.replace(/^attributes\./, ''), String(key[i])]])),
  );
}
