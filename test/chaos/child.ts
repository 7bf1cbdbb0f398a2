import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export type Child = {
  spawnedMs: number;
  /** Resolves to how long it took to be ready, in milliseconds; undefined where it was killed before. */
  ready: Promise<number | undefined>;
  kill(): Promise<void>;
  /** Ends it in order. */
  stop(): Promise<void>;
};

const embeddedEntry = new URL('./host.ts', import.meta.url).pathname;
const planter = new URL('./plant.ts', import.meta.url).href;
/** As `npm start` has it. */
const compileCache = new URL('../../node_modules/.cache/logdrive', import.meta.url).pathname;
const pollMs = 15;

export type ChildOptions = {
  url: string;
  configPath: string;
  logPath: string;
  plant?: string | undefined;
  /** The module that is the host. */
  entry?: string;
};

/** Starts the host as a process of its own; with `plant`, one that is broken on purpose. What it logs is added to `logPath`. */
export function startChild({ url, configPath, logPath, plant, entry = embeddedEntry }: ChildOptions): Child {
  const log = createWriteStream(logPath, { flags: 'a' });
  const imports = plant === undefined ? [] : ['--import', planter];
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning', ...imports, entry, '--config', configPath],
    {
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: compileCache, ...(plant === undefined ? {} : { CHAOS_PLANT: plant }) },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  child.stderr!.pipe(log);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return { spawnedMs: performance.now(), ready: readyOf(url, child), kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}

async function readyOf(url: string, child: ChildProcess): Promise<number | undefined> {
  const startedMs = performance.now();
  while (child.exitCode === null && child.signalCode === null) {
    const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.status === 200) return performance.now() - startedMs;
    await delay(pollMs);
  }
  return undefined;
}

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
