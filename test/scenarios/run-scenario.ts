import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { parse } from 'yaml';
import * as z from 'zod';
import { differences } from './match.ts';

const step = z.strictObject({
  /** `POST /logs?wait=hot` */
  request: z.string().regex(/^(GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS) \/\S*$/),
  headers: z.record(z.string(), z.string()).optional(),
  /** Sent as JSON. */
  json: z.unknown().optional(),
  /** Sent as it stands. */
  text: z.string().optional(),
  gzip: z.boolean().optional(),
  expect: z.strictObject({
    status: z.union([z.int(), z.array(z.int())]),
    headers: z.record(z.string(), z.string()).optional(),
    json: z.unknown().optional(),
    /** NDJSON, a value a line. */
    lines: z.array(z.unknown()).optional(),
    text: z.string().optional(),
  }),
  /** Repeats the request until it answers as expected: what becomes visible takes a moment. */
  eventually: z.boolean().optional(),
  /** Variables to take from the answer: name to dotted path. */
  save: z.record(z.string(), z.string()).optional(),
});

const scenario = z.strictObject({
  name: z.string(),
  /** `fresh`: needs a host without records and keys of its own. */
  host: z.enum(['shared', 'fresh']).default('shared'),
  steps: z.array(step).min(1),
});

export type Scenario = z.output<typeof scenario> & { file: string };
type Step = z.output<typeof step>;

const eventuallyMs = 10_000;

/** Reads all numbered scenarios of the folder, in order. Throws where one is not as the schema says. */
export function readScenarios(folder = new URL('.', import.meta.url)): Scenario[] {
  const files = readdirSync(folder).filter((file) => /^\d{3}-.+\.yaml$/.test(file));
  return files.sort().map((file) => ({ ...scenario.parse(parse(readFileSync(new URL(file, folder), 'utf8'))), file }));
}

/**
 * Runs one scenario against a host by HTTP alone. `${run}` is a name of this run alone, so that a shared host may keep its records; other
 * variables come from `save`. Throws at the first step that is not answered as expected, with the differences.
 */
export async function runScenario({ file, steps }: Scenario, address: string): Promise<void> {
  const variables: Record<string, string> = { run: crypto.randomUUID().slice(0, 8), now: new Date().toISOString() };
  for (const [i, raw] of steps.entries()) {
    const current = fill(raw, variables);
    const deadline = performance.now() + (current.eventually ? eventuallyMs : 0);
    let answer = await ask(current, address);
    let wrong = judge(current, answer);
    while (wrong.length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      answer = await ask(current, address);
      wrong = judge(current, answer);
    }
    if (wrong.length > 0)
      throw new Error(`${file}, step ${i + 1}, ${current.request}:\n  ${wrong.join('\n  ')}\n  answer: ${answer.text.slice(0, 600)}`);
    for (const [name, path] of Object.entries(current.save ?? {})) variables[name] = String(pick(answer.json, path));
  }
}

type Given = { status: number; headers: Headers; text: string; json: unknown };

async function ask({ request, headers = {}, json, text, gzip }: Step, address: string): Promise<Given> {
  const [method = 'GET', path = '/'] = request.split(' ');
  const plain = text ?? (json === undefined ? undefined : JSON.stringify(json));
  const type: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(new URL(path, address), {
    method,
    headers: { ...type, ...(gzip ? { 'content-encoding': 'gzip' } : {}), ...headers },
    redirect: 'manual',
    ...(plain === undefined ? {} : { body: gzip ? gzipSync(plain) : Buffer.from(plain) }),
  });
  const content = await response.text();
  return { status: response.status, headers: response.headers, text: content, json: parsed(content) };
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

function judge({ expect: { status, headers = {}, json, lines, text } }: Step, given: Given): string[] {
  const wrong = [status].flat().includes(given.status) ? [] : [`the status is ${given.status}, not ${[status].flat().join(' or ')}`];
  for (const [name, value] of Object.entries(headers)) wrong.push(...differences(given.headers.get(name) ?? undefined, value, name));
  if (json !== undefined) wrong.push(...differences(given.json, json));
  if (lines) wrong.push(...differences(given.text.split('\n').filter(Boolean).map(parsed), lines));
  if (text !== undefined) wrong.push(...differences(given.text, text));
  return wrong;
}

/** Replaces `${name}` in every text of a step; a variable nobody saved is a fault of the scenario. */
function fill<T>(value: T, variables: Record<string, string>): T {
  return JSON.parse(
    JSON.stringify(value).replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
      const text = variables[name];
      if (text === undefined) throw new Error(`no step saved the variable ${name}`);
      return JSON.stringify(text).slice(1, -1);
    }),
  ) as T;
}

const pick = (value: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);
