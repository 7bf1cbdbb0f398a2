import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadResult } from './load.ts';

/** The server has a core of its own, and whoever sends has the other. */
export const serverCore = '0';
export const loadCore = '1';
const ticksPerS = 100;
const mebibyte = 2 ** 20;
/** An arena of glibc's malloc begins at a multiple of its size. */
const arenaBytes = 64n << 20n;

/** As `npm start` gives them. */
const nodeArgs = ['--max-semi-space-size=8', '--disable-warning=ExperimentalWarning'];

/** Runs a script of this folder or of another, or a program, on one core. */
export function onCore(core: string, script: string, args: string[], stderr: 'pipe' | 'inherit' = 'inherit'): ChildProcess {
  const command = script.endsWith('.ts') ? [process.execPath, ...nodeArgs, join(import.meta.dirname, script)] : [script];
  // As `npm start` sets it.
  const env = { ...process.env, MALLOC_ARENA_MAX: '2' };
  return spawn('taskset', ['-c', core, ...command, ...args], { stdio: ['ignore', 'pipe', stderr], env });
}

/** A server that is measured: a process of its own, in a folder of its own. */
export class ServerProcess {
  readonly folder: string;
  readonly port: number;
  /** Milliseconds from the start of the process until it said that it was ready. */
  readyMs = 0;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** The end of what it wrote on standard error. */
  #said = '';

  constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.folder = folder;
    this.port = port;
    this.#ended = once(child, 'exit');
  }

  /** Starts it; resolves when it wrote something with "ready" (or with `says`) on standard error. */
  static async start(
    script: string,
    argsFor: (port: number, folder: string) => string[],
    kept?: string,
    says = 'ready',
  ): Promise<ServerProcess> {
    const folder = kept ?? mkdtempSync(join(tmpdir(), 'logdrive-bench-run-'));
    const port = await freePort();
    const startedMs = performance.now();
    const child = onCore(serverCore, script, argsFor(port, folder), 'pipe');
    const server = new ServerProcess(child, folder, port);
    await new Promise<void>((resolve, reject) => {
      child.stderr!.on('data', (chunk: Buffer) => {
        server.#said = (server.#said + chunk).slice(-10_000);
        if (server.#said.includes(says)) resolve();
      });
      child.once('exit', (code) => reject(new Error(`${script} ended with ${code}: ${server.#said}`)));
    });
    server.readyMs = performance.now() - startedMs;
    child.stdout!.resume();
    return server;
  }

  /** CPU seconds of all its threads so far. */
  cpuS(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerS;
  }

  /** CPU seconds by thread name, the largest first. */
  cpuByThread(): [name: string, cpuS: number][] {
    const sums = new Map<string, number>();
    for (const task of readdirSync(`/proc/${this.#child.pid}/task`)) {
      const [head, rest] = readFileSync(`/proc/${this.#child.pid}/task/${task}/stat`, 'utf8').split(') ');
      const fields = rest!.split(' ');
      const name = head!.slice(head!.indexOf('(') + 1);
      sums.set(name, (sums.get(name) ?? 0) + (Number(fields[11]) + Number(fields[12])) / ticksPerS);
    }
    return [...sums].filter(([, cpuS]) => cpuS > 0).sort((a, b) => b[1] - a[1]);
  }

  rssMb = (): number => this.#memory('VmRSS');
  peakRssMb = (): number => this.#memory('VmHWM');

  #memory(name: string): number {
    const line = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
      .split('\n')
      .find((text) => text.startsWith(name));
    return (Number(/\d+/.exec(line!)![0]) * 1024) / mebibyte;
  }

  /** Resident MB by what they are: what malloc took (its heap and arenas of 64 MB), pages of files, and all else, which is V8's. */
  rssParts(): { heap: number; buffers: number; program: number } {
    const parts = { heap: 0, buffers: 0, program: 0 };
    let part: keyof typeof parts = 'heap';
    for (const line of readFileSync(`/proc/${this.#child.pid}/smaps`, 'utf8').split('\n')) {
      const map = /^([0-9a-f]+)-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)$/.exec(line);
      if (map) {
        const [, from = '', name = ''] = map;
        const isArena = name === '' && BigInt(`0x${from}`) % arenaBytes === 0n;
        part = name.startsWith('/') ? 'program' : name === '[heap]' || isArena ? 'buffers' : 'heap';
      } else if (line.startsWith('Rss:')) parts[part] += (Number(/\d+/.exec(line)![0]) * 1024) / mebibyte;
    }
    return parts;
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`).catch((cause: unknown) => {
      const { exitCode, signalCode } = this.#child;
      throw new Error(`the server does not answer; it ended with ${signalCode ?? exitCode}: ${this.#said.slice(-2000)}`, { cause });
    });
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Sends records to it from the other core. */
  async load(args: string[]): Promise<LoadResult> {
    const child = onCore(loadCore, 'load.ts', ['--port', String(this.port), ...args]);
    let said = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`the load generator ended with ${code}`);
    return JSON.parse(said) as LoadResult;
  }

  /** Ends it in order, or at once. */
  async stop({ kill = false, keep = false } = {}): Promise<void> {
    this.#child.kill(kill ? 'SIGKILL' : 'SIGINT');
    await this.#ended;
    if (!keep) rmSync(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Bytes of all files below a folder. */
export function bytesBelow(folder: string): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sum += statSync(join(entry.parentPath, entry.name)).size;
  }
  return sum;
}

export const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
