import { type Group, groupIdentity, openGroup, routingLabels, type Target, takeTransition } from '../../alerts/routing/group.ts';
import type { Routing } from '../../alerts/routing/routing.ts';
import { type OutboxEntry, outboxPrefix, type Transition } from '../../alerts/transition.ts';
import type { Versioned } from '../../core/ports/state-store.ts';
import type { GroupBook } from './group-book.ts';
import type { NotifySettings } from './settings.ts';
import type { NotifyDeps } from './types.ts';

type Entry = { key: string } & Versioned<OutboxEntry>;

/** Of what one transaction may write, one is the outbox. */
const maxGroupsAtOnce = 20;
/** A group of more text goes on in another of the same key, so that each fits its item. */
const maxGroupText = 80_000;

/**
 * Takes the outbox over: each transition into the groups that it concerns, in one transaction with its removal. An entry that concerns many groups is taken
 * in parts. Resolves to how many transitions were taken.
 */
export async function takeOver(deps: NotifyDeps, book: GroupBook, settings: NotifySettings): Promise<number> {
  const entries = await deps.state.list<OutboxEntry>(outboxPrefix);
  let taken = 0;
  for (const entry of entries.sort((a, b) => firstAt(a) - firstAt(b))) taken += await takeEntry(entry, deps, book, settings);
  return taken;
}

const firstAt = ({ value }: Entry): number => value.transitions[0]?.atUs ?? 0;

async function takeEntry(entry: Entry, deps: NotifyDeps, book: GroupBook, settings: NotifySettings): Promise<number> {
  // Whoever listens elsewhere must not keep people from being told; the evaluator's own history has every transition in any case.
  await deps
    .publish(entry.value.transitions)
    .catch((error: unknown) => deps.log.error({ error, outbox: entry.key }, 'transitions were not published'));
  let { transitions } = entry.value;
  let { version } = entry;
  let taken = 0;
  while (true) {
    const changed = new Map<string, Group>();
    let count = 0;
    for (const transition of transitions) {
      const routing = (await settings.routing(transition.tenant)).routing;
      const next = placed(transition, routing, { deps, book, changed });
      if (changed.size + next.filter(({ id }) => !changed.has(id)).length > maxGroupsAtOnce && count > 0) break;
      for (const group of next) changed.set(group.id, group);
      count++;
    }
    const rest = transitions.slice(count);
    const changes = [...changed.values()].map((group) => ({
      ...{ tenant: group.tenant, id: group.id, base: book.get(group.tenant, group.id), next: group },
    }));
    const outbox = { key: entry.key, version, value: rest.length > 0 ? { transitions: rest } : undefined };
    if (!(await book.commit(changes, [outbox]))) return taken;
    taken += count;
    if (rest.length === 0) return taken;
    const left = await deps.state.get<OutboxEntry>(entry.key);
    if (!left) return taken;
    transitions = left.value.transitions;
    version = left.version;
  }
}

type Place = { deps: NotifyDeps; book: GroupBook; changed: Map<string, Group> };

/** The groups that a transition changes, changed. */
function placed(transition: Transition, routing: Routing, { deps, book, changed }: Place): Group[] {
  const { tenant, fingerprint, to, staging } = transition;
  if (staging || to === 'pending') return [];
  const nowUs = deps.clock.nowMs() * 1000;
  const current = (group: Group) => changed.get(group.id) ?? group;
  const optionsOf = (group: Group) => routing.optionsOf(group) ?? routing.root.options;
  const holders = [
    ...book.holders(tenant, fingerprint),
    ...[...changed.values()].filter((group) => group.tenant === tenant && group.alerts[fingerprint]),
  ];
  const next = new Map<string, Group>();
  for (const group of holders.map(current)) next.set(group.id, takeTransition(group, transition, optionsOf(group), nowUs));
  if (to === 'firing') {
    const labels = routingLabels(transition);
    for (const target of routing.targets(transition)) {
      const group = groupFor(target, { tenant, fingerprint, labels }, current, { deps, book, changed });
      if (!next.has(group.id)) next.set(group.id, takeTransition(group, transition, target.options, nowUs));
    }
  }
  return [...next.values()].filter((group) => group !== (changed.get(group.id) ?? book.get(tenant, group.id)));
}

function groupFor(
  target: Target,
  { tenant, fingerprint, labels }: { tenant: string; fingerprint: string; labels: Record<string, string> },
  current: (group: Group) => Group,
  { deps, book, changed }: Place,
): Group {
  const base = deps.hash(groupIdentity(tenant, target, labels)).slice(0, 16);
  for (let part = 0; ; part++) {
    const id = part === 0 ? base : `${base}.${part}`;
    const stored = book.get(tenant, id);
    const group = stored ? current(stored) : changed.get(id);
    if (!group) return openGroup(tenant, id, target, labels, deps.clock.nowMs() * 1000, deps.newId());
    if (group.alerts[fingerprint] || JSON.stringify(group.alerts).length < maxGroupText) return group;
  }
}
