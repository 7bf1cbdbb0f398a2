// What the platform costs on real services, all on this machine: node bench/services.ts [--records 200000] [--partitions 3] [--warm-up 50000] [--no-hot]
// Kafka, OpenSearch and the emulated AWS are started with fresh data; the host is pinned to core 0, the load generator to core 1, the services run where
// there is room. 500 records a request, 16 connections. CPU is that of each process from the first record until nothing is in flight.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type ServiceName, serviceNames } from '../scripts/services/pins.ts';
import { startService, stopService } from '../scripts/services/run.ts';
import { ServerProcess } from './server-process.ts';

const { values: options } = parseArgs({
  options: {
    records: { type: 'string', default: '200000' },
    partitions: { type: 'string', default: '3' },
    'warm-up': { type: 'string', default: '50000' },
    'no-hot': { type: 'boolean', default: false },
    threads: { type: 'boolean', default: false },
  },
});
const records = Number(options.records);
/** Sent and closed before anything is measured: JVMs that have just started spend most of their time on compiling. */
const warmUp = Number(options['warm-up']);
const hasHot = !options['no-hot'];
const names: ServiceName[] = serviceNames.filter((name) => hasHot || name !== 'opensearch');

type Counts = { done: number; in_flight: number; dead: number };
type Ledger = { accepted: number; hot: Counts; warm: Counts };

/** CPU seconds of all threads of a process so far; the children of the emulator are its own affair. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const root = mkdtempSync(join(tmpdir(), 'logdrive-bench-services-'));
try {
  const states = await Promise.all(names.map((name) => startService(root, name, { ports: [0, 0, 0] })));
  const at = Object.fromEntries(states.map(({ name, endpoint }) => [name, endpoint]));
  const settings = [
    `services.brokers=["${at.kafka}"]`,
    `services.endpoint=${at.aws}`,
    ...(hasHot ? [`services.openSearch=${at.opensearch}`] : ['services.hot=false']),
    `services.partitions=${options.partitions}`,
    'canary.enabled=false',
    'seal.after=4s',
  ];
  const server = await ServerProcess.start('../bin/logdrive.ts', (port, folder) => [
    ...['up', '--profile', 'services', '--port', String(port), '--data-dir', join(folder, 'data'), '--log-level', 'warn'],
    ...settings.flatMap((setting) => ['--set', setting]),
  ]);
  const until = async (isDone: (ledger: Ledger) => boolean): Promise<[ledger: Ledger, sinceStartS: number]> => {
    for (;;) {
      const ledger = await server.get<Ledger>('/api/ledger');
      if (isDone(ledger)) return [ledger, (performance.now() - startedMs) / 1_000];
      await delay(500);
    }
  };
  let startedMs = performance.now();
  if (warmUp > 0) await server.load(['--records', String(warmUp)]);
  await until(({ accepted, hot, warm }) => accepted === warmUp && warm.in_flight === 0 && hot.in_flight === 0);
  await delay(2_000);
  const before = [server.cpuS(), ...states.map(({ pid }) => cpuOf(pid))];
  startedMs = performance.now();
  const result = await server.load(['--records', String(records)]);
  const [, searchableS] = await until(({ hot, warm }) => (hasHot ? hot : warm).done >= warmUp + records);
  const [ledger, committedS] = await until(({ hot, warm }) => warm.in_flight === 0 && hot.in_flight === 0);
  const after = [server.cpuS(), ...states.map(({ pid }) => cpuOf(pid))];
  if (ledger.accepted !== warmUp + records || ledger.warm.done !== ledger.accepted)
    throw new Error(`not all are there: ${JSON.stringify(ledger)}`);
  const rate = (s: number) => `${Math.round(records / s / 100) / 10}k`;
  const used = after.map((cpuS, i) => cpuS - before[i]!);
  const row = (...cells: (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
  row(`${records} records`, 'records/s', 's', 'CPU s a million', 'of a core');
  row('---', '--:', '--:', '--:', '--:');
  row(
    `acknowledged (p50 ${result.p50Ms.toFixed(1)} ms, p99 ${result.p99Ms.toFixed(1)} ms)`,
    rate(result.seconds),
    result.seconds.toFixed(1),
    '',
    '',
  );
  if (hasHot) row('searchable in OpenSearch', rate(searchableS), searchableS.toFixed(1), '', '');
  row('everything closed, both sinks', rate(committedS), committedS.toFixed(1), '', '');
  const parts = ['host', ...names].map((name, i) => ({ name, cpuS: used[i]!, share: used[i]! / committedS }));
  for (const { name, cpuS, share } of parts) row(name, '', '', ((cpuS * 1e6) / records).toFixed(1), share.toFixed(2));
  // The host has a core of its own, the services share the other: what is busiest of its own bounds the whole.
  const services = parts.slice(1).reduce((sum, { share }) => sum + share, 0);
  const largest = parts.slice(1).reduce((most, each) => (each.cpuS > most.cpuS ? each : most));
  const bound = parts[0]!.share >= services ? 'the host' : `the services, ${largest.name} most`;
  console.log(`\nbounded by ${bound}; the host held ${server.peakRssMb().toFixed(0)} MB at most`);
  if (options.threads) for (const [name, cpuS] of server.cpuByThread()) console.log(`  ${name} ${cpuS.toFixed(2)} s`);
  await server.stop();
} finally {
  await Promise.all(names.map((name) => stopService(root, name, { graceMs: 0 })));
  rmSync(root, { recursive: true, force: true });
}
