import * as z from 'zod';
import type { Example, ProcessorManifest } from '../../src/core/processor.ts';
import { stepSchema } from '../../src/core/processor.ts';

/** The reference of processors, Markdown, from their manifests; the examples are those that run as tests. */
export function processorsPage(manifests: ProcessorManifest[]): string {
  return [
    '# Processors',
    '',
    'Made by `node scripts/gen.ts` from the manifests in `src/processors`. The examples run as tests.',
    '',
    'A processor is a step under `process.steps` in `logdrive.yaml`. Steps run in order, after the automatic parsing that `process.parse: auto`',
    '(the default) does. `when` limits a step to the records that satisfy a condition, or each condition of a list.',
    '',
    ...manifests.flatMap((manifest) => [...section(manifest), '']),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

type JsonSchema = {
  description?: string;
  default?: unknown;
  type?: string;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
};

function section(manifest: ProcessorManifest): string[] {
  const schema = z.toJSONSchema(stepSchema(manifest), { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const required = new Set(schema.required);
  const options = Object.entries(schema.properties ?? {}).filter(([name]) => name !== 'use');
  return [
    `## ${manifest.name}`,
    '',
    `${manifest.summary}.`,
    '',
    '| option | type | default | |',
    '|---|---|---|---|',
    ...options.map(
      ([name, option]) =>
        `| \`${name}\` | ${typeOf(option)} | ${defaultOf(option, required.has(name))} | ${cell(option.description ?? '')} |`,
    ),
    '',
    ...manifest.examples.flatMap((example) => exampleText(manifest.name, example)),
  ];
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function typeOf(schema: JsonSchema): string {
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.type === 'object' && schema.properties?.field) return 'condition';
  return schema.enum ? schema.enum.map((value) => `\`${value}\``).join(', ') : (schema.type ?? 'any');
}

const defaultOf = (schema: JsonSchema, isRequired: boolean): string => {
  if (isRequired) return 'required';
  return schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
};

function exampleText(use: string, { name, options, in: record, out }: Example<Record<string, unknown>>): string[] {
  const step = { use, ...options };
  return [
    `**${name[0]!.toUpperCase()}${name.slice(1)}**`,
    '',
    '```text',
    `step    ${JSON.stringify(step)}`,
    `record  ${JSON.stringify(record)}`,
    out === undefined ? 'dropped' : Object.keys(out).length === 0 ? 'unchanged' : `changed ${JSON.stringify(out)}`,
    '```',
    '',
  ];
}
