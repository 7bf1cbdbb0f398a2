import type { Transition } from '../transition.ts';
import type { FlushContext, ReceiverChannel } from './flush.ts';
import { actionKey, type Group, routingLabels, type Target, targetOf } from './group.ts';
import type { InhibitRuleConfig, RoutingConfig } from './schema.ts';
import { compileTimeIntervals } from './time-interval.ts';
import { type CompiledRoute, compileTree, findRoute, type RouteOptions, routesFor } from './tree.ts';

/** A routing tree made ready: where alerts go, and what a receiver's channels are. */
export type Routing = {
  config: RoutingConfig;
  root: CompiledRoute;
  inhibitRules: readonly InhibitRuleConfig[];
  /** Where an alert goes: the receivers that its rule names, else what the tree says. */
  targets(transition: Pick<Transition, 'rule' | 'labels' | 'action'>): Target[];
  /** The options of the route that a group belongs to; `undefined` when the tree has it no more. */
  optionsOf(group: Pick<Group, 'routeKey' | 'receiver'>): RouteOptions | undefined;
  /** Whether a route is muted at a time by its intervals. */
  isTimeMuted(routeKey: string, receiver: string, atMs: number): boolean;
  /** The channels of a receiver; those of the first route's where nothing has the name, so that nothing is lost. */
  channelsOf: FlushContext['channelsOf'];
  hasReceiver(name: string): boolean;
};

/** What tells on which channels without being asked how: everything at once to the console. */
export const defaultRouting = (channel: string): RoutingConfig => ({
  route: { receiver: channel, group_by: ['alertname'], group_wait: '1s', group_interval: '1m', repeat_interval: '4h' },
});

/** Compiles a routing tree that `readRouting` has checked. `channels` are the names of channels that exist. */
export function compileRouting(config: RoutingConfig, channels: readonly string[]): Routing {
  const root = compileTree(config);
  const intervals = new Map((config.time_intervals ?? []).map(({ name, time_intervals }) => [name, compileTimeIntervals(time_intervals)]));
  const receivers = new Map<string, readonly ReceiverChannel[]>(channels.map((name) => [name, [{ name, sendResolved: true }]]));
  for (const { name, channels: of, send_resolved = true } of config.receivers ?? []) {
    receivers.set(
      name,
      of.map((channel) => ({ name: channel, sendResolved: send_resolved })),
    );
  }
  const actionTarget = (receiver: string): Target => ({ routeKey: actionKey, receiver, options: { ...root.options, receiver } });
  const routeOf = ({ routeKey, receiver }: Pick<Group, 'routeKey' | 'receiver'>) => findRoute(root, routeKey, receiver);
  return {
    config,
    root,
    inhibitRules: config.inhibit_rules ?? [],
    targets: (transition) => {
      const named = [...new Set(transition.action)];
      return named.length > 0 ? named.map(actionTarget) : distinct(routesFor(root, routingLabels(transition)).map(targetOf));
    },
    optionsOf: (group) => (group.routeKey === actionKey ? actionTarget(group.receiver).options : routeOf(group)?.options),
    isTimeMuted(routeKey, receiver, atMs) {
      const route = routeOf({ routeKey, receiver });
      if (!route) return false;
      const holds = (name: string) => intervals.get(name)?.(atMs) ?? false;
      const { muteTimeIntervals, activeTimeIntervals } = route;
      return muteTimeIntervals.some(holds) || (activeTimeIntervals.length > 0 && !activeTimeIntervals.some(holds));
    },
    channelsOf: (receiver) => receivers.get(receiver) ?? receivers.get(root.options.receiver) ?? [],
    hasReceiver: (name) => receivers.has(name),
  };
}

/** Two routes of the same matchers and receiver are one. */
const distinct = (targets: Target[]): Target[] => [
  ...new Map(targets.map((target) => [`${target.routeKey} ${target.receiver}`, target])).values(),
];
