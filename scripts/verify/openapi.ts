import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Host } from '../../test/scenarios/serve-array.ts';
import { serveEmbedded } from '../../test/scenarios/serve-embedded.ts';

const usage = `usage: node scripts/verify/openapi.ts [--url http://127.0.0.1:4318 [--key ld_...]] [--examples 50] [--seed 1]
Fires requests made from /openapi.json at a host: no 5xx, no answer that the document does not promise, no bad request taken.
Without --url a host of its own is started. Needs python3; schemathesis is installed from PyPI into .venv/ the first time.`;

const version = '4.32.5';
const venv = new URL('../../.venv/schemathesis/', import.meta.url).pathname;

/** Left out, and why. */
const excluded = {
  tailLogs: 'never ends',
  revokeKey: 'would revoke the key that the run itself uses',
  rotateKey: 'would end the secret that the run itself uses',
  takeProfile: 'takes minutes when it is asked to',
};
/** Values mean more than a schema can say (a signed cursor, a time to come), so a valid request may be refused. */
const excludedChecks = ['positive_data_acceptance'];
/** Takes text and CSV, and any bytes are either: what breaks the schema of a body need not be refused. */
const takesAnyText = ['/logs', '/ingest'];

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    key: { type: 'string' },
    examples: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

if (spawnSync('python3', ['--version']).status !== 0) {
  console.log('python3 is missing: the API is not tested against its document');
  process.exit(77);
}
install();
const host = values.url === undefined ? await ownHost() : { address: values.url, key: values.key, stop: async () => {} };
const everything = await run(host.address, host.key, ['--exclude-checks', [...excludedChecks, 'negative_data_rejection'].join(',')]);
const refusals = await run(host.address, host.key, [
  ...['--checks', 'negative_data_rejection'],
  ...takesAnyText.flatMap((path) => ['--exclude-path', path]),
]);
const status = everything || refusals;
await host.stop();
process.exit(status);

function install(): void {
  if (existsSync(`${venv}bin/schemathesis`)) return;
  must('python3', ['-m', 'venv', venv]);
  must(`${venv}bin/pip`, ['install', '--quiet', '--disable-pip-version-check', `schemathesis==${version}`]);
}

function must(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`, { cause: error });
}

async function ownHost(): Promise<Host & { key: string }> {
  const served = await serveEmbedded();
  const response = await fetch(`${served.address}/api/keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'verify', scopes: ['ingest', 'query', 'admin'] }),
  });
  const { secret } = (await response.json()) as { secret: string };
  return { ...served, key: secret };
}

/** Runs beside this process, which may be the one that answers. */
async function run(address: string, key: string | undefined, checks: string[]): Promise<number> {
  const args = [
    ...['run', `${address}/openapi.json`, '--phases', 'examples,coverage,fuzzing', '--continue-on-failure'],
    ...['--max-examples', values.examples, '--seed', values.seed, '--request-timeout', '45'],
    ...checks,
    ...Object.keys(excluded).flatMap((operation) => ['--exclude-operation-id', operation]),
    ...(key === undefined ? [] : ['--header', `x-api-key: ${key}`]),
  ];
  const child = spawn(`${venv}bin/schemathesis`, args, { stdio: 'inherit', cwd: venv });
  return new Promise((resolve, reject) => child.once('error', reject).once('exit', (code) => resolve(code ?? 1)));
}
