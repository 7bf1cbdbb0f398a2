import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { Client } from '../client.ts';
import { type Command, FailedError, jsonOption, type Run, serverOptions, UsageError } from '../command.ts';
import { backtest } from '../rules/backtest.ts';
import type { Rule, Version } from '../rules/types.ts';
import { harmless, table } from '../style.ts';

export const rules: Command = {
  usage: 'list | add FILE | show NAME | delete NAME | test NAME|FILE | backtest NAME|FILE | promote NAME | import FILE',
  about:
    'A FILE holds one rule as JSON or as EDN (.edn), or is - for standard input; import takes the YAML of Prometheus. add replaces a rule of the same name, ' +
    'and refuses one whose tests fail. backtest runs the evaluator of production over what is stored.',
  options: {
    ...serverOptions,
    from: { type: 'string', value: 'TIME', help: 'backtest: since when, a time or such as -30d [-24h]' },
    to: { type: 'string', value: 'TIME', help: 'backtest: until when [now]' },
    against: { type: 'string', value: 'N', help: 'backtest: compare with this version of the rule' },
    staging: { type: 'boolean', help: 'add, import: evaluate and record, but tell nobody yet' },
    skip: { type: 'boolean', help: 'import: leave out what has no equal' },
    ...jsonOption,
  },
  examples: [
    'logdrive rules add high-error-rate.edn --staging',
    'logdrive rules backtest high-error-rate --from -30d',
    'logdrive rules backtest high-error-rate --from -7d --against 2',
    'logdrive rules promote high-error-rate',
    'logdrive rules import prometheus-rules.yml --skip --staging',
  ],
  async run(run) {
    const client = new Client(run.io, run.values);
    const [action = 'list', what, ...more] = run.positionals;
    if (action === 'list' && what === undefined) return list(run, client);
    const act = Object.hasOwn(actions, action) ? actions[action as keyof typeof actions] : undefined;
    if (!act) throw new UsageError(`there is no action ${action}; give one of: ${rules.usage}`);
    if (what === undefined || more.length > 0) throw new UsageError(`${action} takes one name or file`);
    await act(run, client, what);
  },
};

const pathOf = (name: string) => `/api/alerts/rules/${encodeURIComponent(name)}`;

async function list({ io, values, style }: Run, client: Client): Promise<void> {
  const { items } = await client.call<{ items: Rule[] }>('GET', '/api/alerts/rules');
  if (values.json) io.out(`${JSON.stringify({ items })}\n`);
  else if (items.length === 0) io.out('no rules yet; make one with `logdrive rules add FILE`\n');
  else {
    const rows = items.map((rule) => [
      rule.name,
      rule.state + (rule.staging ? ' (staging)' : ''),
      rule.version,
      rule.updated_at.slice(0, 16),
      rule.updated_by,
      JSON.stringify(rule.condition).slice(0, 70),
    ]);
    io.out(`${table(['name', 'state', 'version', 'changed', 'by', 'condition'], rows, style)}\n`);
  }
}

const actions = {
  async add(run: Run, client: Client, file: string): Promise<void> {
    const content = await contentOf(run, file);
    const saved = await client.call<Rule>('POST', '/api/alerts/rules', {
      body: content,
      headers: { 'content-type': parsed(content) === undefined ? 'application/edn' : 'application/json' },
      query: { replace: 'true', ...(run.values.staging ? { staging: 'true' } : {}) },
    });
    told(run, saved, `saved ${saved.name}, version ${saved.version}${saved.staging ? ', in staging: nobody is told' : ''}`);
  },

  async show({ io, values, style }: Run, client: Client, name: string): Promise<void> {
    const rule = await client.call<Rule>('GET', pathOf(name));
    const { items } = await client.call<{ items: Version[] }>('GET', `${pathOf(name)}/versions`);
    if (values.json) {
      io.out(`${JSON.stringify({ ...rule, versions: items })}\n`);
      return;
    }
    io.out(`${harmless(JSON.stringify(rule, null, 2))}\n\n`);
    for (const { version, updated_at, updated_by, changes } of items) {
      io.out(`${style.bold(`version ${version}`)}  ${updated_at.slice(0, 19)}  by key ${harmless(updated_by)}\n`);
      for (const { path, from, to } of changes) io.out(harmless(`  ${path}: ${JSON.stringify(from)} → ${JSON.stringify(to)}\n`));
    }
  },

  async delete(run: Run, client: Client, name: string): Promise<void> {
    await client.call('DELETE', pathOf(name));
    told(run, { name, deleted: true }, `deleted ${name}; alerts of it that are open end with the next window`);
  },

  async promote(run: Run, client: Client, name: string): Promise<void> {
    const rule = await client.call<Rule>('POST', `${pathOf(name)}/promote`);
    told(run, rule, `${name} is out of staging: people are told from now on`);
  },

  async test(run: Run, client: Client, what: string): Promise<void> {
    const { io, values, style } = run;
    const unsaved = await unsavedRule(run, what);
    const name = unsaved === undefined ? what : nameOf(unsaved);
    type Tested = { tests: number; failures: { test: string; at: string; expected: string; got: string }[] };
    const result = await client.call<Tested>('POST', `${pathOf(name)}/test`, unsaved === undefined ? {} : { json: { rule: unsaved } });
    if (values.json) io.out(`${JSON.stringify(result)}\n`);
    else {
      for (const { test, at, expected, got } of result.failures)
        io.out(`${style.red('fails')}  ${harmless(test)} at ${at}: expected ${harmless(expected)}, got ${harmless(got)}\n`);
      if (result.failures.length === 0)
        io.out(result.tests === 0 ? `${name} has no tests\n` : `${style.green('passed')}  ${result.tests} tests of ${name}\n`);
    }
    if (result.failures.length > 0) throw new FailedError(`${result.failures.length} of the expectations are not met`);
  },

  async backtest(run: Run, client: Client, what: string): Promise<void> {
    const unsaved = await unsavedRule(run, what);
    await backtest(run, client, unsaved === undefined ? what : nameOf(unsaved), unsaved);
  },

  async import(run: Run, client: Client, file: string): Promise<void> {
    const { io, values, style } = run;
    const response = await client.call<{ items: Rule[]; skipped: { name: string; path: string; detail: string }[] }>(
      'POST',
      '/api/alerts/rules',
      {
        body: await contentOf(run, file),
        headers: { 'content-type': 'application/yaml' },
        query: { ...(values.skip ? { skip: 'true' } : {}), ...(values.staging ? { staging: 'true' } : {}) },
      },
    );
    if (values.json) {
      io.out(`${JSON.stringify(response)}\n`);
      return;
    }
    for (const { name, staging } of response.items) io.out(`${style.green('imported')}  ${harmless(name)}${staging ? ' (staging)' : ''}\n`);
    for (const { name, path, detail } of response.skipped)
      io.out(`${style.yellow('left out')}  ${harmless(`${name}: ${path}: ${detail}`)}\n`);
  },
} as const;

function told({ io, values }: Run, result: unknown, words: string): void {
  io.out(values.json ? `${JSON.stringify(result)}\n` : `${harmless(words)}\n`);
}

/** The rule in a file, where the argument names one rather than a rule that is saved: an object, or the text of EDN. */
async function unsavedRule(run: Run, what: string): Promise<unknown> {
  if (what !== '-' && !/\.(json|edn)$/.test(what)) return undefined;
  const content = await contentOf(run, what);
  return parsed(content) ?? content;
}

/** JSON; undefined where it is none, as EDN is. */
function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

const nameOf = (unsaved: unknown): string => {
  const name = typeof unsaved === 'string' ? /:name\s+"([^"]+)"/.exec(unsaved)?.[1] : (unsaved as { name?: unknown }).name;
  return typeof name === 'string' && name !== '' ? name : 'unsaved';
};

async function contentOf({ io }: Run, file: string): Promise<string> {
  if (file === '-') return readText(io.stdin);
  return readFile(resolve(io.cwd, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new FailedError(`${file} cannot be read (${error.code ?? error.message})`);
  });
}
