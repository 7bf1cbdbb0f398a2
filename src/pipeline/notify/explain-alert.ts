import type { Group } from '../../alerts/routing/group.ts';
import { firingOf, groupIdentity } from '../../alerts/routing/group.ts';
import { createInhibitor } from '../../alerts/routing/inhibit.ts';
import type { Labels } from '../../alerts/routing/matcher.ts';
import type { Routing } from '../../alerts/routing/routing.ts';
import { createSilencer, type Silence } from '../../alerts/routing/silence.ts';
import { groupLabelsOf } from '../../alerts/routing/tree.ts';

/** What would become of an alert: where it goes, and what keeps it from being told. Times are microseconds. */
export type Explanation = {
  labels: Labels;
  routes: {
    /** Where the route stands in the tree, or `action` where the rule names the receiver. */
    place: string;
    receiver: string;
    channels: string[];
    groupId: string;
    groupLabels: Labels;
    groupWaitUs: number;
    groupIntervalUs: number;
    repeatIntervalUs: number;
    escalate: readonly { afterUs: number; receiver: string }[];
    isTimeMuted: boolean;
  }[];
  silences: Silence[];
  inhibitedBy: { rule: number; labels: Labels } | null;
  /** Whether anybody would be told. */
  isTold: boolean;
};

/** Runs the functions that decide in earnest over one set of labels. */
export function explainAlert(
  labels: Labels,
  action: string[],
  {
    tenant,
    routing,
    silences,
    groups,
    nowUs,
    hash,
  }: { tenant: string; routing: Routing; silences: Silence[]; groups: Group[]; nowUs: number; hash(text: string): string },
): Explanation {
  const { alertname = '', ...own } = labels;
  const all = { ...own, alertname };
  const silenced = new Set(createSilencer(silences, nowUs)(all));
  const firing = groups.flatMap(firingOf);
  const inhibition = createInhibitor(routing.inhibitRules, firing)(all);
  const routes = routing.targets({ rule: alertname, labels: own, action }).map((target) => {
    const { routeKey, receiver, options } = target;
    const { groupWaitUs, groupIntervalUs, repeatIntervalUs, escalate } = options;
    return {
      ...{ place: routeKey, receiver, channels: routing.channelsOf(receiver).map(({ name }) => name) },
      ...{ groupId: hash(groupIdentity(tenant, target, all)).slice(0, 16), groupLabels: groupLabelsOf(options, all) },
      ...{ groupWaitUs, groupIntervalUs, repeatIntervalUs, escalate, isTimeMuted: routing.isTimeMuted(routeKey, receiver, nowUs / 1000) },
    };
  });
  return {
    labels: all,
    routes,
    silences: silences.filter(({ id }) => silenced.has(id)),
    inhibitedBy: inhibition
      ? { rule: inhibition.rule, labels: firing.find(({ fingerprint }) => fingerprint === inhibition.by)!.labels }
      : null,
    isTold: silenced.size === 0 && !inhibition && routes.some(({ isTimeMuted, channels }) => !isTimeMuted && channels.length > 0),
  };
}
