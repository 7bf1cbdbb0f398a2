import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { randomOf } from '../faults/model-file-system.ts';
import { type Child, freePort, startChild } from './child.ts';
import { runClient, type Sending } from './clients.ts';
import type { Plant } from './plants.ts';
import { verify } from './verify.ts';
import { type LedgerAnswer, watch } from './watcher.ts';
import type { Witness } from './witness.ts';
import { configOf } from './workload.ts';

export type ChaosOptions = {
  kills: number;
  records: number;
  seed: number;
  clients?: number;
  partitions?: number;
  sealAfterMs?: number;
  /** A bug that the host is started with: the run ends when something is found. */
  plant?: Plant;
  onProgress?: (line: string) => void;
};

export type ChaosReport = {
  seed: number;
  kills: number;
  /** Kills of a host that was not ready yet. */
  killedStarting: number;
  records: number;
  requests: number;
  retries: number;
  replayed: number;
  walks: number;
  pages: number;
  /** Milliseconds until ready, after each kill. */
  ready: { max: number; median: number };
  seconds: number;
  /** Of the machine, over the last minutes of the run: processes that want a core. */
  load: number;
  ledger: LedgerAnswer | undefined;
  /** Different errors that the hosts logged, with how often. */
  logged: Record<string, number>;
  faults: string[];
};

/** Runs one host after the other on the same folder, kills each at a seeded moment, and checks everything at the end. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { kills, records, seed, clients = 6, partitions = 2, sealAfterMs = 250, plant, onProgress = () => {} } = options;
  const startedMs = performance.now();
  const folder = await mkdtemp(`${tmpdir()}/logdrive-chaos-`);
  const random = randomOf(seed);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const paths = { url, configPath: `${folder}/logdrive.yaml`, logPath: `${folder}/log`, plant };
  await writeFile(paths.configPath, configOf({ port, dataDir: `${folder}/data`, partitions, sealAfterMs }));
  await writeFile(paths.logPath, '');

  const witness: Witness = {
    url,
    startMs: Date.now() - 3_600_000,
    nextNumber: 0,
    requests: 0,
    acknowledged: [],
    replayed: 0,
    retries: 0,
    walks: 0,
    pages: 0,
    faults: [],
    kills: 0,
    isOver: false,
  };
  const sending: Sending = { records, limit: 0, random: randomOf(seed + 1) };
  const senders = Promise.all(Array.from({ length: clients }, (_, name) => runClient(witness, sending, name)));
  const watcher = watch(witness, randomOf(seed + 2));
  const readyMs: number[] = [];
  let killedStarting = 0;

  const isFound = () => plant !== undefined && witness.faults.length > 0;

  try {
    for (let life = 0; life < kills && !isFound(); life++) {
      sending.limit = Math.ceil((records * (life + 1)) / (kills + 1));
      const ready = await liveAndDie(startChild(paths), witness, random);
      witness.kills++;
      if (ready === undefined) killedStarting++;
      else readyMs.push(ready);
      if (life % 10 === 9)
        onProgress(
          `${life + 1} kills, ${witness.acknowledged.length} requests acknowledged, ${witness.faults.length} faults ${witness.faults.slice(0, 3).join('; ')}`,
        );
    }
    sending.limit = records;
    const last = startChild(paths);
    const ready = await last.ready;
    if (ready === undefined) throw new Error(`the host does not start any more: ${await readFile(paths.logPath, 'utf8')}`);
    readyMs.push(ready);
    if (isFound()) witness.isOver = true;
    await senders;
    const ledger = isFound() ? undefined : await verify(witness);
    witness.isOver = true;
    await watcher;
    await last.stop();
    readyMs.sort((a, b) => a - b);
    return {
      seed,
      kills,
      killedStarting,
      records,
      requests: witness.requests,
      retries: witness.retries,
      replayed: witness.replayed,
      walks: witness.walks,
      pages: witness.pages,
      ready: { max: Math.round(readyMs.at(-1)!), median: Math.round(readyMs[readyMs.length >> 1]!) },
      seconds: Math.round((performance.now() - startedMs) / 1_000),
      load: Math.round(loadavg()[2]! * 10) / 10,
      ledger,
      logged: loggedIn(await readFile(paths.logPath, 'utf8')),
      faults: witness.faults,
    };
  } finally {
    witness.isOver = true;
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Kills the host at a moment that the seed chooses: while it starts, some milliseconds after a certain request was sent, or at any time.
 * Resolves to how long it took to be ready, where it was.
 */
async function liveAndDie(child: Child, witness: Witness, random: () => number): Promise<number | undefined> {
  const kind = random();
  const [share, waitMs] = [random(), random()];
  if (kind < 0.12) {
    await delay(share * 500);
    await child.kill();
    return child.ready;
  }
  const ready = await child.ready;
  if (kind < 0.55) {
    const until = witness.requests + 1 + Math.floor(share * 60);
    const endMs = performance.now() + 1_500;
    while (witness.requests < until && performance.now() < endMs) await delay(1);
    await delay(waitMs * 6);
  } else await delay(20 + share * 1_300);
  await child.kill();
  return ready;
}

/** Warnings and errors in the log by their message. */
export function loggedIn(text: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of text.split('\n').filter((item) => item !== '')) {
    const message = messageOf(line);
    found[message] = (found[message] ?? 0) + 1;
  }
  return found;
}

function messageOf(line: string): string {
  try {
    const { message, 'error.message': error } = JSON.parse(line) as { message?: string; 'error.message'?: string };
    return `${message}${error ? `: ${error}` : ''}`.replace(/[0-9a-f]{8,}|\d+/g, 'N');
  } catch {
    return line.slice(0, 200);
  }
}
