import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

/** What may be loaded before a host is ready, by thread: everything else is loaded when it is first needed, so that a start is quick and idling costs little. */
const allowed = {
  front: { packages: ['yaml', 'zod'], ownModules: 200 },
  store: { packages: ['zod'], ownModules: 300 },
} as const;

const folder = mkdtempSync(join(tmpdir(), 'logdrive-start-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes down every module that a thread loads: the thread's number and the URL, a line each. */
const recorder = (list: string) => `
  import { registerHooks } from 'node:module';
  import { appendFileSync } from 'node:fs';
  import { threadId } from 'node:worker_threads';
  registerHooks({ load(url, context, next) {
    appendFileSync(${JSON.stringify(list)}, threadId + ' ' + url + '\\n');
    return next(url, context);
  } });`;

/** Starts a host with modules imported before it; resolves to the URLs that each thread loaded until it was ready. */
async function loadedAtStart(name: string, more: string[] = []): Promise<{ front: string[]; store: string[] }> {
  const list = join(folder, `${name}.txt`);
  const imports = [`data:text/javascript,${encodeURIComponent(recorder(list))}`, ...more].flatMap((url) => ['--import', url]);
  const args = ['up', '--port', '0', '--data-dir', join(folder, name), '--log-level', 'warn'];
  const host = spawn(process.execPath, [...imports, 'bin/logdrive.ts', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    host.stderr.on('data', (chunk) => {
      said += chunk;
      if (said.includes('is ready on')) resolve();
    });
    host.once('exit', () => reject(new Error(said)));
  });
  const lines = readFileSync(list, 'utf8').trim().split('\n');
  host.kill('SIGKILL');
  await once(host, 'exit');
  const urlsOf = (thread: number) => lines.filter((line) => line.startsWith(`${thread} `)).map((line) => line.slice(2));
  return { front: urlsOf(0), store: urlsOf(1) };
}

const packagesOf = (urls: string[]): string[] =>
  [...new Set(urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []))].sort();
const ownOf = (urls: string[]): string[] => urls.filter((url) => url.startsWith('file:') && !url.includes('/node_modules/'));

test('a host loads only what it needs before it is ready', { timeout: 120_000 }, async () => {
  const loaded = await loadedAtStart('plain');
  for (const thread of ['front', 'store'] as const) {
    const own = ownOf(loaded[thread]);
    expect(packagesOf(loaded[thread]), `packages on the ${thread} thread: import a heavy one where it is used`).toEqual(
      allowed[thread].packages,
    );
    expect(own.length, `${thread} thread: ${own.join('\n')}`).toBeLessThan(allowed[thread].ownModules);
    expect(own.length).toBeGreaterThan(100);
  }
});

test('an import too many is seen', { timeout: 120_000 }, async () => {
  const { front } = await loadedAtStart('planted', [import.meta.resolve('hono')]);
  expect(packagesOf(front)).toContain('hono');
});
