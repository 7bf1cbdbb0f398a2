import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { HostFunctions } from '../../src/cli/command.ts';
import type { Io } from '../../src/cli/io.ts';
import { runCli } from '../../src/cli/main.ts';

export type Called = { method: string; path: string; query: URLSearchParams; headers: IncomingMessage['headers']; body: Buffer };
export type Answered = { status?: number; headers?: Record<string, string>; body?: unknown };

/** A real HTTP server on a free port that answers as the test says and keeps what it was asked. */
export async function serve(
  answer: (called: Called, res: ServerResponse) => Answered | undefined,
): Promise<{ url: string; calls: Called[]; close(): void }> {
  const calls: Called[] = [];
  const server = createServer(async (req, res) => {
    const url = new URL(req.url ?? '/', 'http://x');
    const called = { method: req.method ?? '', path: url.pathname, query: url.searchParams, headers: req.headers, body: await buffer(req) };
    calls.push(called);
    const answered = answer(called, res);
    if (!answered) return;
    const { status = 200, headers = {}, body = {} } = answered;
    res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export type Ran = { code: number; out: string; err: string };

/** Starts a command line as `bin/logdrive.ts` does, with its own io; `stop` is Ctrl-C. */
export function start(
  argv: string[],
  {
    stdin = '',
    env = {},
    cwd = '/',
    host = {},
  }: { stdin?: string | Buffer; env?: Record<string, string>; cwd?: string; host?: Partial<HostFunctions> } = {},
): { done: Promise<Ran>; stop(): void; out(): string } {
  const stop = new AbortController();
  let out = '';
  let err = '';
  const io: Io = {
    stdin: Readable.from([Buffer.from(stdin)]) as Io['stdin'],
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    drained: async () => {},
    outIsTerminal: false,
    errIsTerminal: false,
    columns: 100,
    env,
    cwd,
    signal: stop.signal,
  };
  const absent = () => Promise.reject(new Error('this test has no host'));
  const done = runCli(argv, io, { up: absent, offlineKeys: absent, stageKeys: absent, ...host }).then((code) => ({ code, out, err }));
  return { done, stop: () => stop.abort(), out: () => out };
}

/** Resolves once the condition holds. @throws after 10 s */
export async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('the condition did not come to hold within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
