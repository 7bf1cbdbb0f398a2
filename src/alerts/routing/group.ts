import type { Transition } from '../transition.ts';
import type { Labels } from './matcher.ts';
import { type CompiledRoute, groupLabelsOf, labelsText, type RouteOptions } from './tree.ts';

/** An alert as a group holds it, until its end has been told. Times are epoch microseconds. */
export type GroupAlert = {
  fingerprint: string;
  episode: string;
  rule: string;
  /** With `alertname`. */
  labels: Labels;
  annotations: Record<string, string>;
  /** Of the episode. */
  startedUs: number;
  endedUs: number | null;
  /** Of the last transition that it took. */
  atUs: number;
  value: number | null;
  reason: string;
  /** The evaluator cannot tell at present: it stays as it was. */
  unknown: boolean;
  /** It ended then, but changes too often: told as ended once it has been quiet for long enough. */
  heldEndUs?: number;
};

/** What a channel knows of a group: fingerprints, as they were told last. */
export type Told = { firing: string[]; resolved: string[]; atUs: number };

export type Acknowledgement = { by: string; comment: string; atUs: number; firing: string[] };

/** Alerts that are told together: one per route, receiver and values of `group_by`. Plain data, as the state store keeps it. */
export type Group = {
  tenant: string;
  id: string;
  /** As Alertmanager spells it. */
  key: string;
  routeKey: string;
  receiver: string;
  labels: Labels;
  openedUs: number;
  /** Parts the dedup keys of two groups that had the same id one after the other. */
  nonce: string;
  /** When it is told first. */
  wakeUs: number;
  flushedUs: number | null;
  /** How many notifications it has had. */
  seq: number;
  alerts: Record<string, GroupAlert>;
  told: Record<string, Told>;
  firstToldUs: number | null;
  /** Receivers that were told because nobody acknowledged. */
  escalated: string[];
  ack: Acknowledgement | null;
  /** When alerts of the group changed, for flap damping. */
  changes: Record<string, number[]>;
};

/** The route key of alerts whose rule names its receivers itself. */
export const actionKey = 'action';

/** Where an alert is to go: a route with a receiver. */
export type Target = { routeKey: string; receiver: string; options: RouteOptions };

/** Labels as routing sees them. */
export const routingLabels = ({ rule, labels }: Pick<Transition, 'rule' | 'labels'>): Labels => ({ ...labels, alertname: rule });

export const targetOf = ({ key, options }: CompiledRoute): Target => ({ routeKey: key, receiver: options.receiver, options });

/** What the id of a group is the hash of. */
export const groupIdentity = (tenant: string, { routeKey, receiver, options }: Target, labels: Labels): string =>
  JSON.stringify([tenant, routeKey, receiver, Object.entries(groupLabelsOf(options, labels))]);

/** Opens an empty group for an alert with these labels. */
export function openGroup(tenant: string, id: string, target: Target, labels: Labels, nowUs: number, nonce: string): Group {
  const groupLabels = groupLabelsOf(target.options, labels);
  const { routeKey, receiver, options } = target;
  return {
    ...{ tenant, id, key: `${routeKey}:${labelsText(groupLabels)}`, routeKey, receiver, labels: groupLabels },
    ...{ openedUs: nowUs, nonce, wakeUs: nowUs + options.groupWaitUs, flushedUs: null, seq: 0 },
    ...{ alerts: {}, told: {}, firstToldUs: null, escalated: [], ack: null, changes: {} },
  };
}

/** Takes a transition into a group; gives the same object where it changes nothing. */
export function takeTransition(group: Group, transition: Transition, options: RouteOptions, nowUs: number): Group {
  const { fingerprint, to, atUs } = transition;
  const held = group.alerts[fingerprint];
  if (held && held.atUs > atUs) return group;
  if (to === 'firing') return fire(group, transition, options, nowUs);
  if (!held || to === 'pending') return group;
  if (to === 'unknown') return withAlert(group, { ...held, atUs, unknown: true, reason: transition.reason });
  if (held.endedUs !== null) return group;
  return end(group, held, transition, options);
}

function fire(group: Group, transition: Transition, options: RouteOptions, nowUs: number): Group {
  const { fingerprint, episode, rule, annotations, startedUs, atUs, value, reason } = transition;
  const alert: GroupAlert = {
    ...{ fingerprint, episode, rule, labels: routingLabels(transition), annotations: shortened(annotations), startedUs },
    ...{ endedUs: null, atUs, value, reason: cut(reason), unknown: false },
  };
  const held = group.alerts[fingerprint];
  const isChange = !held || held.endedUs !== null || held.heldEndUs !== undefined;
  // Alertmanager does not wait for the sake of an alert that has been firing for longer than the wait: after an outage people are told at once.
  const isLate = group.flushedUs === null && atUs + options.groupWaitUs < nowUs;
  return {
    ...withAlert(group, alert),
    ...(isChange ? { changes: noted(group, fingerprint, atUs, options) } : {}),
    ...(isLate ? { wakeUs: Math.min(group.wakeUs, nowUs) } : {}),
  };
}

function end(group: Group, held: GroupAlert, { atUs, value, reason }: Transition, options: RouteOptions): Group {
  const changes = noted(group, held.fingerprint, atUs, options);
  const known = { ...held, atUs, value, reason: cut(reason), unknown: false };
  const flap = options.flapDamping;
  const flaps = flap !== undefined && (changes[held.fingerprint] ?? []).filter((at) => at > atUs - flap.withinUs).length >= flap.changes;
  const { heldEndUs: _, ...free } = known;
  return { ...withAlert(group, flaps ? { ...known, heldEndUs: atUs } : { ...free, endedUs: atUs }), changes };
}

function noted(group: Group, fingerprint: string, atUs: number, { flapDamping }: RouteOptions): Group['changes'] {
  if (!flapDamping) return group.changes;
  return { ...group.changes, [fingerprint]: [...(group.changes[fingerprint] ?? []), atUs].slice(-flapDamping.changes) };
}

const withAlert = (group: Group, alert: GroupAlert): Group => ({ ...group, alerts: { ...group.alerts, [alert.fingerprint]: alert } });

const maxText = 1_000;
const maxAnnotations = 20;
const cut = (text: string): string => (text.length <= maxText ? text : `${text.slice(0, maxText - 1).toWellFormed()}…`);
const shortened = (annotations: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(annotations)
      .slice(0, maxAnnotations)
      .map(([name, text]) => [name, cut(text)]),
  );

/** The alerts that fire, as far as people are concerned: one whose end is held back does. */
export const firingOf = (group: Group): GroupAlert[] => Object.values(group.alerts).filter(({ endedUs }) => endedUs === null);

/** Acknowledges what fires in a group: it is not repeated and does not escalate until something new joins it. */
export const acknowledge = (group: Group, by: string, comment: string, nowUs: number): Group => ({
  ...group,
  ack: { by, comment, atUs: nowUs, firing: firingOf(group).map(({ fingerprint }) => fingerprint) },
});
