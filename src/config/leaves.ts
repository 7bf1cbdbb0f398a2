import * as z from 'zod';
import { configSchema } from './schema.ts';

/** One setting that is no group of others: `path` as it is written in the file, and what its schema says. */
export type Leaf = {
  path: string[];
  description: string;
  /** The environment variable that sets it. */
  env: string;
  kind: 'text' | 'value';
  unit: 'bytes' | 'ms' | undefined;
  values: string[] | undefined;
};

export type Group = { path: string[]; description: string };

type Json = {
  type?: string;
  description?: string;
  properties?: Record<string, Json>;
  unit?: 'bytes' | 'ms';
  enum?: string[];
};

/** Settings that hold lists or rules, and are documented as one. */
const opaque = new Set(['process', 'tenants', 'alerts.channels', 'alerts.routing']);

/** Every setting and every group of the configuration, in the order of its schema. */
export function listSettings(): { leaves: Leaf[]; groups: Group[] } {
  const leaves: Leaf[] = [];
  const groups: Group[] = [];
  const walk = (path: string[], { properties, description = '', type, unit, enum: values }: Json) => {
    if (properties && !opaque.has(path.join('.'))) {
      if (path.length > 0) groups.push({ path, description });
      for (const [name, child] of Object.entries(properties)) walk([...path, name], child);
    } else leaves.push({ path, description, env: variableOf(path), kind: type === 'string' ? 'text' : 'value', unit, values });
  };
  walk([], z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Json);
  return { leaves, groups };
}

/** `LOGDRIVE_WARM_DAYS` for `warm.days`; those of `server` go without the group's name: `LOGDRIVE_PORT`. */
function variableOf(path: string[]): string {
  const names = path[0] === 'server' ? path.slice(1) : path;
  return `LOGDRIVE_${names.map((name) => name.replace(/[A-Z]/g, '_$&').toUpperCase()).join('_')}`;
}
