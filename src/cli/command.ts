import { type ParseArgsOptionDescriptor, parseArgs } from 'node:util';
import type { Config } from '../config/load-config.ts';
import { nearest } from '../core/nearest.ts';
import type { Io } from './io.ts';
import type { Style } from './style.ts';

/** The person used the command wrongly: exit code 2, and where help is. */
export class UsageError extends Error {}
/** The command did its work and the answer is no: exit code 1, with a sentence that says what to do. */
export class FailedError extends Error {}

export type Option = ParseArgsOptionDescriptor & { help: string; value?: string };
export type Options = Record<string, Option>;

/** Values of options as they were given: a switch, a text, or several. */
export type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** A key as it is listed, and the functions over the keys of a data folder. */
export type OfflineKeys = {
  create(request: {
    tenant: string;
    name: string;
    scopes: ('ingest' | 'query' | 'admin')[];
    expiresAtMs?: number;
  }): Promise<{ key: OfflineKey; secret: string }>;
  list(tenant?: string): Promise<OfflineKey[]>;
  rotate(id: string, overlapMs: number): Promise<{ key: OfflineKey; secret: string }>;
  revoke(id: string): Promise<OfflineKey>;
};
export type OfflineKey = {
  id: string;
  tenant: string;
  name: string;
  scopes: string[];
  createdAtMs: number;
  expiresAtMs: number | undefined;
  revokedAtMs: number | undefined;
  lastUsedAtMs: number | undefined;
  rotatedUntilMs: number | undefined;
};

/** What the command line takes from the host: the rest goes over HTTP. */
export type HostFunctions = {
  /** Runs the server until it is stopped. */
  up(config: Config, options: { profile: boolean; newGeneration: boolean; onServices: boolean }): Promise<void>;
  /** Opens the keys of a data folder without a server; `close` when done. */
  offlineKeys(dataDir: string): Promise<{ keys: OfflineKeys; close(): Promise<void> }>;
  /** Opens the keys of a deployed stage in its DynamoDB table, with the caller's AWS credentials; `close` when done. */
  stageKeys(table: string): Promise<{ keys: OfflineKeys; close(): Promise<void> }>;
};

export type Run = { io: Io; host: HostFunctions; values: Values; positionals: string[]; argv: string[]; style: Style };

export type Command = {
  /** What stands behind the name: `[FILE…]`. */
  usage: string;
  /** More than the summary, when it helps. */
  about?: string;
  options: Options;
  examples: string[];
  run(run: Run): Promise<void>;
};

/** Options of every command that calls the server. */
export const serverOptions = {
  url: { type: 'string', value: 'URL', help: 'the server (LOGDRIVE_URL) [http://127.0.0.1:4318]' },
  key: { type: 'string', short: 'k', value: 'KEY', help: 'API key (LOGDRIVE_KEY)' },
} satisfies Options;
export const jsonOption = { json: { type: 'boolean', help: 'JSON for machines' } } satisfies Options;

/** Reads a command's arguments. @throws UsageError with the nearest known option */
export function readArguments(command: Command, argv: string[]): { values: Values; positionals: string[] } {
  const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const;
  try {
    const { values, positionals } = parseArgs({ args: joined(argv), options, allowPositionals: true, strict: true });
    return { values: values as Values, positionals };
  } catch (thrown) {
    const unknown = /Unknown option '(--?[^' ]*)/.exec(String(thrown))?.[1];
    if (unknown === undefined)
      throw new UsageError(
        String((thrown as Error).message)
          .replace(/\. To specify.*$/s, '')
          .toLowerCase(),
      );
    const close = nearest(unknown.replace(/^-+/, ''), Object.keys(options));
    throw new UsageError(`there is no option ${unknown}${close ? `; did you mean --${close}?` : ''}`);
  }
}

/** Joins `--from -30d` to `--from=-30d`, which would be taken for an option else. */
function joined(argv: string[]): string[] {
  const out: string[] = [];
  for (const argument of argv) {
    const before = out.at(-1);
    if (/^-\d/.test(argument) && before !== undefined && /^--[a-z-]+$/.test(before)) out[out.length - 1] = `${before}=${argument}`;
    else out.push(argument);
  }
  return out;
}

/** A command's own help. */
export function helpOf({ name, summary }: { name: string; summary: string }, command: Command, style: Style): string {
  const { usage, about, options, examples } = command;
  const rows = Object.entries(options).map(
    ([long, { short, value, help }]) => [`${short ? `-${short}, ` : '    '}--${long}${value ? ` ${value}` : ''}`, help] as const,
  );
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    `${style.bold(`logdrive ${name}`)} ${usage}`,
    '',
    `  ${summary}.${about ? ` ${about}` : ''}`,
    '',
    style.bold('Options'),
    ...rows.map(([left, help]) => `  ${left.padEnd(width)}  ${style.dim(help)}`),
    '',
    style.bold('Examples'),
    ...examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}

/** A text option, or undefined. */
export const text = (values: Values, name: string): string | undefined => (typeof values[name] === 'string' ? values[name] : undefined);

export const texts = (values: Values, name: string): string[] => (Array.isArray(values[name]) ? values[name].map(String) : []);

/** A whole number option. @throws UsageError */
export function whole(values: Values, name: string, fallback: number, min = 1): number {
  const given = text(values, name);
  if (given === undefined) return fallback;
  const value = Number(given.replaceAll('_', ''));
  if (!Number.isSafeInteger(value) || value < min) throw new UsageError(`--${name} ${given}: give a whole number of at least ${min}`);
  return value;
}
