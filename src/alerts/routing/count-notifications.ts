import type { Transition } from '../transition.ts';
import { type FlushContext, flushGroup, nextFlushUs } from './flush.ts';
import { firingOf, type Group, groupIdentity, openGroup, routingLabels, takeTransition } from './group.ts';
import { createInhibitor } from './inhibit.ts';
import type { Routing } from './routing.ts';
import type { RouteOptions } from './tree.ts';

type Held = { group: Group; options: RouteOptions; lookedUs: number; nextUs: number };

/**
 * How many notifications transitions would have sent, by the functions that group, wait, inhibit and repeat in earnest. Silences are of their time and are
 * left out, nobody acknowledges, and a rule in staging counts as if it were not. Transitions stand in the order of their times.
 */
export function countNotifications(transitions: readonly Transition[], routing: Routing, untilUs: number): number {
  const groups = new Map<string, Held>();
  let count = 0;
  const isTimed = (routing.config.time_intervals ?? []).length > 0;

  const flush = (id: string, held: Held, nowUs: number): void => {
    const { group, options } = held;
    const inhibited = createInhibitor(
      routing.inhibitRules,
      routing.inhibitRules.length > 0 ? [...groups.values()].flatMap((other) => firingOf(other.group)) : [],
    );
    const context: FlushContext = {
      ...{ nowUs, options, channelsOf: routing.channelsOf, isMuted: ({ labels }) => inhibited(labels) !== undefined },
      isTimeMuted: routing.isTimeMuted(group.routeKey, group.receiver, nowUs / 1_000),
    };
    const { group: left, planned } = flushGroup(group, context);
    count += planned.length;
    if (!left) groups.delete(id);
    else
      groups.set(id, {
        group: left,
        options,
        lookedUs: nowUs,
        nextUs: isTimed ? nextFlushUs(left, options, nowUs) : quietUntilUs(left, options, nowUs),
      });
  };
  const flushUntil = (nowUs: number): void => {
    for (;;) {
      let first: [string, Held] | undefined;
      for (const entry of groups) if (entry[1].nextUs <= nowUs && (!first || entry[1].nextUs < first[1].nextUs)) first = entry;
      if (!first) return;
      flush(first[0], first[1], first[1].nextUs);
    }
  };

  for (const transition of transitions) {
    const { tenant, to, atUs, fingerprint } = transition;
    if (to === 'pending') continue;
    flushUntil(atUs);
    const labels = routingLabels(transition);
    const touched = new Set([...groups].filter(([, { group }]) => group.alerts[fingerprint]).map(([id]) => id));
    if (to === 'firing') {
      for (const target of routing.targets(transition)) {
        const id = groupIdentity(tenant, target, labels);
        if (!groups.has(id)) {
          const group = openGroup(tenant, id, target, labels, atUs, '');
          groups.set(id, { group, options: target.options, lookedUs: atUs, nextUs: group.wakeUs });
        }
        touched.add(id);
      }
    }
    for (const id of touched) {
      const held = groups.get(id)!;
      const group = takeTransition(held.group, transition, held.options, atUs);
      const nextUs = group.flushedUs === null ? group.wakeUs : nextTickUs(held, atUs);
      groups.set(id, { ...held, group, nextUs });
    }
  }
  flushUntil(untilUs);
  return count;
}

/** The next time at which a group is looked at, at `atUs` or later. */
const nextTickUs = ({ lookedUs, options }: Held, atUs: number): number =>
  lookedUs + Math.max(1, Math.ceil((atUs - lookedUs) / options.groupIntervalUs)) * options.groupIntervalUs;

/** When a group that has told all it knows may have something to tell again, without news: a repetition or an escalation. */
function quietUntilUs(group: Group, options: RouteOptions, nowUs: number): number {
  const soonest = nextFlushUs(group, options, nowUs);
  const tick = nowUs + options.groupIntervalUs;
  if (soonest < tick || Object.keys(group.told).length === 0) return soonest;
  const repeatUs = Math.min(...Object.values(group.told).map(({ atUs }) => atUs + options.repeatIntervalUs));
  const ticks = Math.max(1, Math.ceil((repeatUs - nowUs) / options.groupIntervalUs));
  const escalateUs = Math.min(
    ...options.escalate
      .filter(({ receiver }) => !group.escalated.includes(receiver))
      .map(({ afterUs }) => (group.firstToldUs ?? nowUs) + afterUs),
    Number.POSITIVE_INFINITY,
  );
  return Math.max(soonest, Math.min(nowUs + ticks * options.groupIntervalUs, escalateUs));
}
