import { type Leaf, listSettings } from './leaves.ts';
import { configFlags } from './load-config.ts';
import { type Config, configSchema } from './schema.ts';

const flagOf: Record<string, string> = {
  'server.port': '--port',
  'server.host': '--host',
  dataDir: '--data-dir',
  'log.level': '--log-level',
};

/** The page `docs/reference/config.md`: every setting with its default, environment variable and flag, from the schema that checks them. */
export function configReference(): string {
  const defaults = configSchema.parse({});
  const { leaves, groups } = listSettings();
  const sections = groups.map(({ path, description }) => {
    const own = leaves.filter((leaf) => leaf.path.length === path.length + 1 && leaf.path.slice(0, -1).join('.') === path.join('.'));
    return `## \`${path.join('.')}\`\n\n${description ? `${sentence(description)}\n\n` : ''}${table(own, defaults)}`;
  });
  const top = leaves.filter(({ path }) => path.length === 1);
  return [
    '# Configuration\n',
    'Made by `scripts/gen.ts` from the schema that checks the configuration.\n',
    'Settings come from flags, then environment variables, then `logdrive.yaml` of the working folder, then defaults. A setting that is not known is an error',
    'that names the line and the nearest known one. Sizes are written `10MiB`, time spans `20s`, `5m`, `24h`. `--config FILE` (`LOGDRIVE_CONFIG`) names',
    `another file; \`--set warm.days=7\` sets anything. Flags: ${Object.keys(configFlags)
      .map((flag) => `\`--${flag}\``)
      .join(', ')}.\n`,
    '## Top level\n',
    `${table(top, defaults)}`,
    ...sections,
  ].join('\n');
}

function table(leaves: Leaf[], defaults: Config): string {
  if (leaves.length === 0) return '';
  const rows = leaves.map((leaf) => {
    const { path, description, values, env } = leaf;
    const flag = flagOf[path.join('.')];
    const choices = values ? ` (${values.map((value) => `\`${value}\``).join(', ')})` : '';
    return `| \`${path.at(-1)}\` | ${cell(leaf, defaults)} | ${sentence(description + choices)} | \`${env}\`${flag ? `, \`${flag}\`` : ''} |`;
  });
  return `| setting | default | what it is | elsewhere |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

function cell({ path, unit }: Leaf, defaults: Config): string {
  if (path[0] === 'process') return '';
  const value = path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], defaults);
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((item) => `\`${item}\``).join(', ');
  if (typeof value === 'object') return 'none';
  return `\`${unit === 'bytes' ? sizeText(value as number) : unit === 'ms' ? spanText(value as number) : String(value)}\``;
}

/** Bytes in the largest unit that divides them. */
function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && value % 1024 === 0 && unit < units.length - 1; unit++) value /= 1024;
  return `${value}${units[unit]}`;
}

function spanText(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

const sentence = (text: string): string => (text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
