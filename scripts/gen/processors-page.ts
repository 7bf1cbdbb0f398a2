import * as z from 'zod';
import type { Example, ProcessorManifest } from '../../src/core/processor.ts';
import { stepSchema } from '../../src/core/processor.ts';

const introduction = `
A processor is a step under \`process.steps\` in \`logdrive.yaml\`. Steps run in order, behind the automatic parsing. Records are processed under the rules that
held when they were accepted: the host numbers each change of the rules itself.

    process:
      parse: auto         # or off
      steps:
        - { use: labels, set: { team: payments }, when: { field: service, equals: checkout } }
        - { use: drop, when: [{ field: path, equals: /health }, { field: status, equals: 200 }] }
        - { use: sample, keep: 0.1, when: { field: level, equals: debug } }

## What is parsed by itself

The first characters of a message decide which parser looks at it, so that plain text costs next to nothing: \`{\` parse-json; \`<\` and a priority, or
the date of a syslog file, parse-syslog; \`key=\` parse-logfmt; a host and \`-\` parse-access-log; several lines, stack-trace. What comes out of JSON is
looked at once more, since container runtimes wrap each line. On any doubt a record stays as it is.

- Nothing is lost: the message stays as it was sent, unless the JSON or logfmt in it has a message of its own and every other value found its place.
- What the sender said stays: a parser fills in only the time, level, service, host and attributes that were not given. A second time, level,
  service or host out of JSON, logfmt or grok becomes the attribute of that name.
- Times without a zone are UTC; a time more than a day ahead of its arrival is not believed.

## Conditions

\`when\` limits a step to the records that satisfy a condition, or all conditions of a list. A condition names a \`field\` (of the record, or an
attribute) and has exactly one of \`equals\` (a value, or a list of which one must be it; compared by type), \`contains\` (a part of the text, in any case),
\`matches\` (a regular expression, unanchored, without nested repetition, back-references and look-around) and \`exists\` (true or false). \`not: true\`
turns it round.
`;

/** The reference of processors, Markdown, from their manifests; the examples are those that run as tests. */
export function processorsPage(manifests: ProcessorManifest[]): string {
  return [
    '# Processors',
    '',
    'Made by `node scripts/gen.ts` from the manifests in `src/processors`. The examples run as tests.',
    '',
    ...introduction.trim().split('\n'),
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

function exampleText(use: string, example: Example<Record<string, unknown>>): string[] {
  const { name, options, in: record } = example;
  const step = { use, ...options };
  return [
    `**${name[0]!.toUpperCase()}${name.slice(1)}**`,
    '',
    '```text',
    `step    ${JSON.stringify(step)}`,
    `record  ${JSON.stringify(record)}`,
    outcomeText(example),
    '```',
    '',
  ];
}

function outcomeText(example: Example<Record<string, unknown>>): string {
  if ('dead' in example) return `set aside as ${example.dead}`;
  if (example.out === undefined) return 'dropped';
  return Object.keys(example.out).length === 0 ? 'unchanged' : `changed ${JSON.stringify(example.out)}`;
}
