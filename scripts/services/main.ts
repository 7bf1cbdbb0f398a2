// npm run services:up|down|status: the real Kafka, OpenSearch and emulated AWS that tests and `logdrive up --profile services` use, without containers.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Missing, missingExitCode } from './missing.ts';
import { type ServiceName, serviceNames } from './pins.ts';
import { startService, stateOf, stopService } from './run.ts';

const usage = `usage: npm run services:up|down|status [-- [${serviceNames.join('|')}]… [options]]

up        start them, each on its usual port or, where that is taken, a free one; ready when it returns
down      stop them; data and logs stay in .services
status    what runs, exit code 1 where one does not

--tls         up: Kafka with a second listener, TLS and SCRAM-SHA-512
--free-ports  up: free ports, whatever is free
--fresh       up, down: throw their data away
--root DIR    another folder than .services`;

const root = join(import.meta.dirname, '../..', '.services');

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tls: { type: 'boolean', default: false },
      'free-ports': { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
      root: { type: 'string', default: root },
      help: { type: 'boolean', default: false },
    },
  });
  const [verb = '', ...named] = positionals;
  const unknown = named.filter((name) => !serviceNames.includes(name as ServiceName));
  if (values.help || !['up', 'down', 'status'].includes(verb) || unknown.length > 0) {
    if (unknown.length > 0) console.error(`no service is named ${unknown.join(', ')}\n`);
    (values.help ? console.log : console.error)(usage);
    return values.help ? 0 : 2;
  }
  const chosen = named.length > 0 ? (named as ServiceName[]) : serviceNames;
  const each = await Promise.allSettled(
    chosen.map(async (name) => {
      if (verb === 'status') return status(values.root, name);
      if (verb === 'down' || values.fresh) await down(values.root, name, values.fresh);
      if (verb === 'up') await up(values.root, name, { tls: values.tls && name === 'kafka', free: values['free-ports'] });
      return 0;
    }),
  );
  const failures = each.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  for (const failure of failures) console.error(`services: ${failure.message}`);
  if (failures.length > 0) return failures.every((failure) => failure instanceof Missing) ? missingExitCode : 1;
  return Math.max(...each.map((result) => (result.status === 'fulfilled' ? result.value : 0)));
}

async function up(folder: string, name: ServiceName, { tls, free }: { tls: boolean; free: boolean }): Promise<void> {
  const startedMs = performance.now();
  const say = (line: string) => console.log(line);
  const state = await startService(folder, name, { tls, say, ...(free ? { ports: [0, 0, 0] } : {}) });
  const took = state.fresh ? `ready in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s` : 'runs already';
  console.log(line(name, state.version, state.endpoint, `pid ${state.pid}`, took));
  if (state.tls) console.log(line('', 'TLS, SCRAM', state.tls.brokers, `user ${state.tls.username}`, 'its CA is in service.json'));
}

async function down(folder: string, name: ServiceName, fresh: boolean): Promise<void> {
  const wasRunning = await stopService(folder, name);
  const hadData = existsSync(join(folder, name, 'data'));
  if (fresh) await rm(join(folder, name), { recursive: true, force: true });
  const data = fresh ? (hadData ? ', its data removed' : '') : hadData ? ', its data kept' : '';
  console.log(`${name} ${wasRunning ? 'stopped' : 'was not running'}${data}`);
}

function status(folder: string, name: ServiceName): number {
  const { state, alive } = stateOf(folder, name);
  if (state && alive) console.log(line(name, state.version, state.endpoint, `pid ${state.pid}`, state.ready ? 'runs' : 'is starting'));
  else console.log(line(name, '', '', '', state ? `ended by itself; its log: ${state.log}` : 'does not run'));
  return alive ? 0 : 1;
}

const line = (...[name, version, endpoint, pid, rest]: [string, string, string, string, string]): string =>
  `${name.padEnd(12)}${version.padEnd(12)}${endpoint.padEnd(24)}${pid.padEnd(14)}${rest}`;

process.exitCode = await main();
