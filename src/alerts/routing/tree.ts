import { readDuration } from './duration.ts';
import { compileMatchers, type Labels, type LabelTest, labelOf, matcherText, parseMatchers } from './matcher.ts';
import type { RouteConfig, RoutingConfig } from './schema.ts';

/** How long changes of state are held back for an alert that changes too often. */
export type FlapDamping = { changes: number; withinUs: number; holdUs: number };

/** What a route does with what it takes, with everything it has from the routes above it. Times are microseconds. */
export type RouteOptions = {
  receiver: string;
  /** `'all'`: each set of labels is a group. */
  groupBy: readonly string[] | 'all';
  groupWaitUs: number;
  groupIntervalUs: number;
  repeatIntervalUs: number;
  escalate: readonly { afterUs: number; receiver: string }[];
  flapDamping: FlapDamping | undefined;
};

export type CompiledRoute = {
  /** Where it stands: `route.routes[0]`. */
  place: string;
  /** As Alertmanager's group keys begin: the matchers of the routes on the way. */
  key: string;
  options: RouteOptions;
  /** Not inherited. */
  muteTimeIntervals: readonly string[];
  activeTimeIntervals: readonly string[];
  continues: boolean;
  matches: LabelTest;
  routes: readonly CompiledRoute[];
};

/** Alertmanager's own. https://prometheus.io/docs/alerting/latest/configuration/#route */
const defaults: Omit<RouteOptions, 'receiver'> = {
  groupBy: [],
  groupWaitUs: 30e6,
  groupIntervalUs: 300e6,
  repeatIntervalUs: 4 * 3_600e6,
  escalate: [],
  flapDamping: undefined,
};

/** Compiles a tree that `readRouting` has checked. */
export const compileTree = ({ route }: RoutingConfig): CompiledRoute => compile(route, { ...defaults, receiver: '' }, '', 'route');

function compile(node: RouteConfig, above: RouteOptions, aboveKey: string, place: string): CompiledRoute {
  const matchers = (node.matchers ?? []).flatMap(parseMatchers);
  const own = `{${matchers.map(matcherText).sort().join(',')}}`;
  const key = aboveKey === '' ? own : `${aboveKey}/${own}`;
  const options = optionsOf(node, above);
  return {
    place,
    key,
    options,
    muteTimeIntervals: node.mute_time_intervals ?? [],
    activeTimeIntervals: node.active_time_intervals ?? [],
    continues: node.continue ?? false,
    matches: compileMatchers(matchers),
    routes: (node.routes ?? []).map((child, i) => compile(child, options, key, `${place}.routes[${i}]`)),
  };
}

function optionsOf(node: RouteConfig, above: RouteOptions): RouteOptions {
  const span = (text: string | undefined, otherwise: number) => (text === undefined ? otherwise : readDuration(text)!);
  const flap = node.flap_damping;
  return {
    receiver: node.receiver ?? above.receiver,
    groupBy: node.group_by === undefined ? above.groupBy : node.group_by.includes('...') ? 'all' : node.group_by,
    groupWaitUs: span(node.group_wait, above.groupWaitUs),
    groupIntervalUs: span(node.group_interval, above.groupIntervalUs),
    repeatIntervalUs: span(node.repeat_interval, above.repeatIntervalUs),
    escalate: node.escalate?.map(({ after, receiver }) => ({ afterUs: readDuration(after)!, receiver })) ?? above.escalate,
    flapDamping:
      flap === undefined
        ? above.flapDamping
        : flap === null
          ? undefined
          : { changes: flap.changes, withinUs: readDuration(flap.within)!, holdUs: readDuration(flap.hold)! },
  };
}

/** The routes that take an alert: the deepest that match, first to last; a match without `continue` ends the search among its siblings. */
export function routesFor(route: CompiledRoute, labels: Labels): CompiledRoute[] {
  if (!route.matches(labels)) return [];
  const taken: CompiledRoute[] = [];
  for (const child of route.routes) {
    const found = routesFor(child, labels);
    taken.push(...found);
    if (found.length > 0 && !child.continues) break;
  }
  return taken.length > 0 ? taken : [route];
}

/** The route at a place and key, where it still is; else any of the key and receiver. */
export function findRoute(root: CompiledRoute, key: string, receiver: string): CompiledRoute | undefined {
  if (root.key === key && root.options.receiver === receiver) return root;
  for (const child of root.routes) {
    const found = findRoute(child, key, receiver);
    if (found) return found;
  }
  return undefined;
}

/** The labels that name the group of an alert. */
export function groupLabelsOf({ groupBy }: RouteOptions, labels: Labels): Labels {
  const names = groupBy === 'all' ? Object.keys(labels) : groupBy.filter((name) => labelOf(labels, name) !== '');
  return Object.fromEntries([...names].sort().map((name) => [name, labelOf(labels, name)]));
}

/** Labels as Alertmanager's group keys spell them: `{a="b", c="d"}`. */
export const labelsText = (labels: Labels): string =>
  `{${Object.keys(labels)
    .sort()
    .map((name) => matcherText({ name, op: '=', value: labels[name]! }))
    .join(', ')}}`;
