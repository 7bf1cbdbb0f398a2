import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findJdk } from '../../scripts/services/java.ts';
import { Missing } from '../../scripts/services/missing.ts';
import { freePorts } from '../../scripts/services/ports.ts';
import { isAlive, ownProcess, type ProcessId, startDaemon, stopProcess } from '../../scripts/services/process.ts';
import { stateOf, stopService } from '../../scripts/services/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'logdrive-daemons-'));
const log = join(folder, 'log');
const started: ProcessId[] = [];
afterAll(async () => {
  for (const id of started) await stopProcess(id, 0);
  rmSync(folder, { recursive: true });
});

function node(script: string): ProcessId {
  const id = startDaemon(process.execPath, ['-e', script], { env: process.env, log });
  started.push(id);
  return id;
}
const said = (text: string) => expect.poll(() => existsSync(log) && readFileSync(log, 'utf8').includes(text), { timeout: 20_000 });

test('a daemon has none of its caller’s descriptors, and is gone when it was stopped', async () => {
  const held = openSync(join(folder, 'held'), 'w');
  const id = node("console.log('up'); setInterval(() => {}, 1000)");
  await said('up').toBe(true);
  if (existsSync('/proc/self/fd')) {
    const files = readdirSync(`/proc/${id.pid}/fd`).map((fd) => readlinkSync(`/proc/${id.pid}/fd/${fd}`));
    expect(files).not.toContain(join(folder, 'held'));
    expect(['0', '1', '2'].map((fd) => readlinkSync(`/proc/${id.pid}/fd/${fd}`))).toEqual(['/dev/null', log, log]);
  }
  closeSync(held);
  expect(isAlive(id)).toBe(true);
  await stopProcess(id, 10_000);
  expect(isAlive(id)).toBe(false);
});

test('one that does not end when it is asked is killed', async () => {
  const id = node("process.on('SIGTERM', () => {}); console.log('stubborn'); setInterval(() => {}, 1000)");
  await said('stubborn').toBe(true);
  await stopProcess(id, 200);
  expect(isAlive(id)).toBe(false);
});

test('a process that has the id of another one is not taken for it, nor stopped', async () => {
  const stranger = { ...ownProcess(), began: 'long ago' };
  expect(isAlive(stranger)).toBe(false);
  await stopProcess(stranger, 0);
  expect(isAlive(ownProcess())).toBe(true);
});

test('a port that is taken becomes a free one, and none is given twice', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: taken } = server.address() as { port: number };
  const ports = await freePorts([taken, 0, 0]);
  server.close();
  expect(ports).not.toContain(taken);
  expect(new Set(ports).size).toBe(3);
});

test('a folder in which nothing was started has nothing to stop', async () => {
  expect(stateOf(folder, 'kafka')).toEqual({ state: undefined, alive: false });
  expect(await stopService(folder, 'kafka')).toBe(false);
});

test('a JDK is found, or what is missing is named with the way to install it', () => {
  try {
    const { home, major } = findJdk({});
    expect(existsSync(join(home, 'bin/javac'))).toBe(true);
    expect(major).toBeGreaterThanOrEqual(21);
  } catch (error) {
    expect(error).toBeInstanceOf(Missing);
    expect((error as Error).message).toMatch(/a JDK 21 or newer is needed.*install one/);
  }
});
