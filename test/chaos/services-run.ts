import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ServiceName, serviceNames } from '../../scripts/services/pins.ts';
import { signalService, startService, stopService } from '../../scripts/services/run.ts';
import { randomOf } from '../faults/model-file-system.ts';
import { type Child, freePort, startChild } from './child.ts';
import { runClient, type Sending } from './clients.ts';
import { loggedIn } from './run.ts';
import { verify } from './verify.ts';
import { checkLedger, type LedgerAnswer, watch } from './watcher.ts';
import { fault, type Witness } from './witness.ts';
import { configOf } from './workload.ts';

/**
 * `host`, `kafka` and `opensearch` are killed with SIGKILL and started again on their data. The emulator writes what is not an S3 object only when it
 * is ended in order: it is `aws-restart`ed so, or stands still for a while (`aws-freeze`), as an AWS that does not answer.
 */
export const faultKinds = ['host', 'kafka', 'opensearch', 'aws-restart', 'aws-freeze'] as const;
export type FaultKind = (typeof faultKinds)[number];

export type ServicesChaosOptions = {
  /** What happens, in this order; chosen by the seed where it is a number. */
  faults: FaultKind[] | number;
  records: number;
  seed: number;
  clients?: number;
  partitions?: number;
  /** First of all OpenSearch is away for so long, while records come. */
  indexAwayMs?: number;
  onProgress?: (line: string) => void;
};

export type ServicesChaosReport = {
  seed: number;
  happened: { kind: FaultKind; awayMs: number; backMs: number }[];
  records: number;
  requests: number;
  retries: number;
  replayed: number;
  walks: number;
  pages: number;
  /** While OpenSearch was away: records acknowledged, archived, and not indexed at its end. */
  away: { acknowledged: number; archived: number; notIndexed: number; caughtUpMs: number } | undefined;
  seconds: number;
  ledger: LedgerAnswer | undefined;
  logged: Record<string, number>;
  faults: string[];
};

const entry = new URL('./services-host.ts', import.meta.url).pathname;
/** Longer than any fault, and a lease of an idempotency key. */
const patienceMs = 120_000;
const serviceOf = { kafka: 'kafka', opensearch: 'opensearch', 'aws-restart': 'aws', 'aws-freeze': 'aws' } as const;

/** Runs services and a host of its own, hurts them one after the other while clients send, and checks everything at the end. */
export async function runServicesChaos(options: ServicesChaosOptions): Promise<ServicesChaosReport> {
  const { records, seed, clients = 6, partitions = 3, indexAwayMs, onProgress = () => {} } = options;
  const startedMs = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'logdrive-chaos-services-'));
  const services = join(folder, 'services');
  const random = randomOf(seed);
  const kinds = typeof options.faults === 'number' ? chosen(options.faults, random) : options.faults;
  const port = await freePort();
  const paths = { url: `http://127.0.0.1:${port}`, configPath: join(folder, 'logdrive.yaml'), logPath: join(folder, 'log'), entry };
  const witness: Witness = {
    ...{ url: paths.url, startMs: Date.now() - 3_600_000, nextNumber: 0, requests: 0, acknowledged: [], replayed: 0, retries: 0 },
    ...{ walks: 0, pages: 0, faults: [], kills: 0, isOver: false, patienceMs },
  };
  let host: Child | undefined;
  try {
    const [kafka, opensearch, aws] = await Promise.all(serviceNames.map((name) => startService(services, name, { ports: [0, 0, 0] })));
    const addresses = { brokers: [kafka!.endpoint], openSearch: opensearch!.endpoint, endpoint: aws!.endpoint, partitions };
    const config = JSON.parse(configOf({ port, dataDir: join(folder, 'data'), partitions: 1, sealAfterMs: 500 }));
    await writeFile(paths.configPath, JSON.stringify({ ...config, services: addresses }));
    await writeFile(paths.logPath, '');
    host = startChild(paths);
    if ((await host.ready) === undefined) throw new Error(`the host does not start: ${await readFile(paths.logPath, 'utf8')}`);
    onProgress(`ready after ${seconds(startedMs)} s`);

    const parts = kinds.length + (indexAwayMs === undefined ? 1 : 2);
    const share = (part: number) => Math.ceil((records * part) / parts);
    const sending: Sending = { records, limit: share(1), random: randomOf(seed + 1) };
    const senders = Promise.all(Array.from({ length: clients }, (_, name) => runClient(witness, sending, name)));
    const watcher = watch(witness, randomOf(seed + 2));
    let part = 1;
    const away =
      indexAwayMs === undefined ? undefined : await withoutIndex({ services, witness, sending, limit: share(++part), awayMs: indexAwayMs });
    if (away) onProgress(`OpenSearch was away for ${indexAwayMs! / 1_000} s: ${JSON.stringify(away)}`);

    const happened: ServicesChaosReport['happened'] = [];
    for (const kind of kinds) {
      // Half of the share is on its way when it happens, the other half is sent into the outage.
      sending.limit = share(part + 0.5);
      part++;
      await delay(random() * 500);
      const awayMs = Math.round(200 + random() * 4_000);
      const hurtMs = performance.now();
      if (kind === 'host') {
        await host.kill();
        sending.limit = share(part);
        await delay(awayMs / 4);
        host = startChild(paths);
        if ((await host.ready) === undefined) throw new Error(`the host does not start again: ${await readFile(paths.logPath, 'utf8')}`);
      } else await hurt(services, kind, awayMs, () => (sending.limit = share(part)));
      witness.kills++;
      happened.push({ kind, awayMs, backMs: Math.round(performance.now() - hurtMs) });
      onProgress(
        `${kind}, back after ${seconds(hurtMs)} s; ${witness.acknowledged.length} requests acknowledged, ${witness.faults.length} faults`,
      );
    }
    sending.limit = records;
    await senders;
    onProgress(`all ${records} records acknowledged after ${seconds(startedMs)} s`);
    const ledger = await verify(witness);
    witness.isOver = true;
    await watcher;
    await host.stop();
    const { requests, retries, replayed, walks, pages, faults } = witness;
    const logged = loggedIn(await readFile(paths.logPath, 'utf8'));
    return {
      seed,
      happened,
      records,
      requests,
      retries,
      replayed,
      walks,
      pages,
      away,
      seconds: seconds(startedMs),
      ledger,
      logged,
      faults,
    };
  } finally {
    witness.isOver = true;
    await host?.kill();
    await Promise.all(serviceNames.map((name) => stopService(services, name, { graceMs: 0 })));
    await rm(folder, { recursive: true, force: true });
  }
}

const seconds = (sinceMs: number): number => Math.round((performance.now() - sinceMs) / 1_000);

/** Each kind comes before any comes again. */
function chosen(count: number, random: () => number): FaultKind[] {
  const order: FaultKind[] = [];
  while (order.length < count) {
    const left = [...faultKinds];
    while (left.length > 0) order.push(...left.splice(Math.floor(random() * left.length), 1));
  }
  return order.slice(0, count);
}

/** Hurts a service, tells when it is away, and returns when it answers again. */
async function hurt(services: string, kind: Exclude<FaultKind, 'host'>, awayMs: number, isAway: () => void): Promise<void> {
  const name: ServiceName = serviceOf[kind];
  if (kind === 'aws-freeze') {
    if (!signalService(services, name, 'SIGSTOP')) throw new Error(`${name} does not run`);
    isAway();
    await delay(awayMs);
    signalService(services, name, 'SIGCONT');
    return;
  }
  const { ports } = await end(services, name, kind === 'aws-restart' ? undefined : 0);
  isAway();
  await delay(awayMs);
  await startService(services, name, { ports, exact: true });
}

/** Ends a service, at once with a grace of 0. */
async function end(services: string, name: ServiceName, graceMs: number | undefined): Promise<{ ports: number[] }> {
  const { ports } = await startService(services, name);
  if (graceMs === 0) signalService(services, name, 'SIGKILL');
  await stopService(services, name);
  return { ports };
}

type WithoutIndex = { services: string; witness: Witness; sending: Sending; limit: number; awayMs: number };

/** Ingest and archive must not notice that the index is away; it catches up when it is back. */
async function withoutIndex({
  services,
  witness,
  sending,
  limit,
  awayMs,
}: WithoutIndex): Promise<NonNullable<ServicesChaosReport['away']>> {
  const { ports } = await end(services, 'opensearch', 0);
  witness.kills++;
  const before = witness.acknowledged.length;
  sending.limit = limit;
  await delay(awayMs);
  const sent = witness.acknowledged.slice(before);
  const acknowledged = sent.reduce((sum, { from, to }) => sum + to - from, 0);
  if (acknowledged === 0) fault(witness, 'nothing was acknowledged while OpenSearch was away');
  const during = await checkLedger(witness, '*');
  const archived = during ? during.warm.done : 0;
  const notIndexed = during ? during.hot.in_flight : 0;
  if (during && during.warm.in_flight > during.hot.in_flight / 2)
    fault(witness, `the archive waits for the index: ${JSON.stringify({ ...during, minutes: [] })}`);
  await startService(services, 'opensearch', { ports, exact: true });
  const backMs = performance.now();
  for (;;) {
    const ledger = await checkLedger(witness, '*');
    if (ledger && ledger.hot.in_flight < notIndexed / 2) break;
    if (performance.now() - backMs > patienceMs) {
      fault(witness, 'the index does not catch up');
      break;
    }
    await delay(200);
  }
  return { acknowledged, archived, notIndexed, caughtUpMs: Math.round(performance.now() - backMs) };
}
