import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import type * as z from 'zod';
import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { type Leaf, listSettings } from './leaves.ts';
import { type ConfigFile, readConfigFile } from './read-file.ts';
import { type Config, configSchema } from './schema.ts';

export type { Config } from './schema.ts';

const defaultFile = 'logdrive.yaml';

/** Flags of `logdrive up` and the settings they stand for; `--set path=value` takes any setting. */
export const configFlags = {
  port: { type: 'string', short: 'p' },
  host: { type: 'string' },
  'data-dir': { type: 'string' },
  'log-level': { type: 'string' },
  config: { type: 'string', short: 'c' },
  set: { type: 'string', multiple: true },
} as const;

const settingOfFlag: Record<string, string> = { port: 'server.port', host: 'server.host', 'data-dir': 'dataDir', 'log-level': 'log.level' };

/** A value from outside the file and what to call its source in an error. */
type Given = { leaf: Leaf; text: string; source: string };

/**
 * Reads the configuration: flags (`argv`, without the command; flags of others are skipped), then environment variables `LOGDRIVE_…`, then
 * `logdrive.yaml` of the working folder (or `--config`, `LOGDRIVE_CONFIG`), then defaults. `dataDir` comes out absolute.
 * @throws AppError INVALID_CONFIG that names the setting, where it was given, and the nearest known name
 */
export function loadConfig({
  argv = [],
  env = {},
  cwd,
}: {
  argv?: string[];
  env?: Record<string, string | undefined>;
  cwd: string;
}): Config {
  const flags = parseArgs({ args: argv, options: configFlags, strict: false, allowPositionals: true }).values;
  const name = textOf(flags.config) ?? env.LOGDRIVE_CONFIG ?? defaultFile;
  const file = readConfigFile(resolve(cwd, name), name, name !== defaultFile);
  const { leaves, groups } = listSettings();
  const given = [...fromEnvironment(leaves, env), ...fromFlags(leaves, flags)];
  const values = structuredClone(file?.values ?? {});
  const sources = new Map<string, string>();
  for (const { leaf, text, source } of given) {
    put(values, leaf.path, leaf.kind === 'text' ? text : fromYaml(text));
    sources.set(leaf.path.join('.'), source);
  }
  const parsed = configSchema.safeParse(values);
  if (!parsed.success) {
    const names = [...leaves, ...groups].map(({ path }) => path);
    const faults = parsed.error.issues.flatMap((issue) => sentences(issue, file, sources, names));
    throw new AppError('INVALID_CONFIG', faults.join('; '), {
      errors: faults.map((detail, i) => ({ path: (parsed.error.issues[i]?.path ?? []).join('.'), code: 'INVALID_CONFIG', detail })),
    });
  }
  return { ...parsed.data, dataDir: resolve(cwd, parsed.data.dataDir) };
}

function fromEnvironment(leaves: Leaf[], env: Record<string, string | undefined>): Given[] {
  return leaves.flatMap((leaf) => {
    const text = env[leaf.env];
    // Kubernetes sets LOGDRIVE_PORT to an address like this in every pod beside a service of that name.
    if (text === undefined || text === '' || (leaf.env === 'LOGDRIVE_PORT' && text.startsWith('tcp://'))) return [];
    return [{ leaf, text, source: leaf.env }];
  });
}

function fromFlags(leaves: Leaf[], flags: Record<string, unknown>): Given[] {
  const byPath = new Map(leaves.map((leaf) => [leaf.path.join('.'), leaf]));
  const named = Object.entries(settingOfFlag).flatMap(([flag, path]) => {
    const text = textOf(flags[flag]);
    return text === undefined ? [] : [{ leaf: byPath.get(path)!, text, source: `--${flag}` }];
  });
  const set = Array.isArray(flags.set) ? (flags.set as string[]) : [];
  return [
    ...set.map((pair) => {
      const [path = '', ...rest] = pair.split('=');
      const leaf = byPath.get(path);
      if (!leaf) throw new AppError('INVALID_CONFIG', `--set ${pair}: there is no setting \`${path}\`${suggestion(path, byPath.keys())}`);
      return { leaf, text: rest.join('='), source: `--set ${path}` };
    }),
    ...named,
  ];
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** A number, a switch or a list from text, as YAML spells it. */
function fromYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return text;
  }
}

function put(into: Record<string, unknown>, path: string[], value: unknown): void {
  let at = into;
  for (const name of path.slice(0, -1)) {
    if (typeof at[name] !== 'object' || at[name] === null) at[name] = {};
    at = at[name] as Record<string, unknown>;
  }
  at[path.at(-1)!] = value;
}

/** What one fault says: where it was given, the setting, and what to do. */
function sentences(issue: z.core.$ZodIssue, file: ConfigFile | undefined, sources: Map<string, string>, names: string[][]): string[] {
  const place = (path: readonly PropertyKey[]) => {
    const line = file?.lineOf(path);
    return sources.get(path.join('.')) ?? (file ? `${file.name}${line === undefined ? '' : `:${line}`}` : defaultFile);
  };
  if (issue.code === 'unrecognized_keys') {
    // Settings of single tenants are named like those of all.
    const group = issue.path[0] === 'tenants' ? issue.path.slice(2) : issue.path;
    const siblings = names
      .filter((path) => path.length === group.length + 1 && group.every((name, i) => path[i] === name))
      .map((path) => path.at(-1)!);
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return `${place(path)}: there is no setting \`${path.join('.')}\`${suggestion(key, siblings)}`;
    });
  }
  return [`${place(issue.path)}: \`${issue.path.join('.')}\`: ${lowerFirst(issue.message)}`];
}

function suggestion(name: string, known: Iterable<string>): string {
  const close = nearest(name, known);
  return close === undefined ? '' : `; did you mean \`${close}\`?`;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
