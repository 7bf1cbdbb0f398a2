import type * as z from 'zod';
import { AppError, type ErrorItem } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { readDuration } from './duration.ts';
import { knownKeys, type RouteConfig, type RoutingConfig, routingSchema } from './schema.ts';

/**
 * Checks a routing tree. `channels` are the names of channels that exist: a receiver that is not defined is the channel of its name.
 * @throws AppError INVALID_CONFIG with an item for each fault: its place, what is wrong, and the nearest known name
 */
export function readRouting(value: unknown, channels: readonly string[], place = 'routing'): RoutingConfig {
  const parsed = routingSchema.safeParse(value);
  const faults = parsed.success ? faultsOf(parsed.data, channels) : parsed.error.issues.flatMap(faultsOfIssue);
  if (faults.length === 0) return parsed.data!;
  const errors = faults.slice(0, 50).map(({ path, ...rest }) => ({ path: path ? `${place}.${path}` : place, ...rest }));
  throw new AppError('INVALID_CONFIG', `${errors[0]!.path}: ${errors[0]!.detail}`, { errors });
}

const spell = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((at, key) => (typeof key === 'number' ? `${at}[${key}]` : at ? `${at}.${String(key)}` : String(key)), '');

function faultsOfIssue(issue: z.core.$ZodIssue): ErrorItem[] {
  if (issue.code !== 'unrecognized_keys') {
    const message = issue.message.replace(/^Invalid (input|option|string): /, '');
    return [{ path: spell(issue.path), code: 'INVALID_VALUE', detail: message.charAt(0).toLowerCase() + message.slice(1) }];
  }
  const holder = issue.path.findLast((key) => typeof key === 'string') ?? '';
  const kind = holder === 'routes' ? 'route' : Object.hasOwn(knownKeys, holder) ? (holder as keyof typeof knownKeys) : 'time_intervals';
  return issue.keys.map((key) => ({
    path: spell([...issue.path, key]),
    code: 'UNKNOWN_SETTING',
    detail: `there is no setting "${key.slice(0, 60)}" here${suggestion(key.replace(/^match(_re)?$/, 'matchers'), knownKeys[kind])}`,
  }));
}

const suggestion = (name: string, known: Iterable<string>): string => {
  const close = nearest(name.slice(0, 60), known);
  return close === undefined ? `; there are: ${[...known].slice(0, 30).join(', ') || 'none'}` : `; did you mean "${close}"?`;
};

function faultsOf({ route, receivers = [], time_intervals = [] }: RoutingConfig, channels: readonly string[]): ErrorItem[] {
  const faults: ErrorItem[] = [];
  const fault = (path: string, detail: string) => void faults.push({ path, code: 'INVALID_VALUE', detail });
  const known = new Set([...receivers.map(({ name }) => name), ...channels]);
  const intervals = new Set(time_intervals.map(({ name }) => name));

  receivers.forEach(({ name, channels: of }, i) => {
    if (receivers.findIndex((other) => other.name === name) !== i) fault(`receivers[${i}].name`, `there are two receivers "${name}"`);
    of.forEach((channel, j) => {
      if (!channels.includes(channel))
        fault(`receivers[${i}].channels[${j}]`, `there is no channel "${channel}"${suggestion(channel, channels)}`);
    });
  });
  time_intervals.forEach(({ name }, i) => {
    if (time_intervals.findIndex((other) => other.name === name) !== i)
      fault(`time_intervals[${i}].name`, `there are two intervals "${name}"`);
  });

  const walk = (node: RouteConfig, path: string, isRoot: boolean) => {
    const receiver = (name: string | undefined, at: string) => {
      if (name !== undefined && !known.has(name)) fault(at, `there is no receiver and no channel "${name}"${suggestion(name, known)}`);
    };
    if (isRoot) {
      if (node.receiver === undefined) fault(`${path}.receiver`, 'the first route takes what no other does: it needs a receiver');
      if (node.matchers?.length) fault(`${path}.matchers`, 'the first route takes everything: leave its matchers out');
      if (node.continue) fault(`${path}.continue`, 'nothing comes after the first route: leave it out');
      if (node.mute_time_intervals?.length || node.active_time_intervals?.length)
        fault(path, 'the first route cannot be muted: put mute_time_intervals and active_time_intervals on routes below it');
    }
    receiver(node.receiver, `${path}.receiver`);
    if (node.group_by?.includes('...') && node.group_by.length > 1) fault(`${path}.group_by`, '"..." stands by itself');
    if (new Set(node.group_by).size !== (node.group_by?.length ?? 0)) fault(`${path}.group_by`, 'a label is named twice');
    for (const name of ['group_interval', 'repeat_interval'] as const) {
      if (node[name] !== undefined && readDuration(node[name]) === 0) fault(`${path}.${name}`, 'must be longer than 0s');
    }
    for (const name of ['mute_time_intervals', 'active_time_intervals'] as const) {
      node[name]?.forEach((interval, i) => {
        if (!intervals.has(interval))
          fault(`${path}.${name}[${i}]`, `there is no time interval "${interval}"${suggestion(interval, intervals)}`);
      });
    }
    for (const [i, step] of (node.escalate ?? []).entries()) receiver(step.receiver, `${path}.escalate[${i}].receiver`);
    for (const [i, child] of (node.routes ?? []).entries()) walk(child, `${path}.routes[${i}]`, false);
  };
  walk(route, 'route', true);
  return faults;
}
