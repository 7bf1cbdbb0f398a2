import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('the host outlives the reader of its log, and still ends in order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'logdrive-pipe-'));
  const args = [
    '--disable-warning=ExperimentalWarning',
    'bin/logdrive.ts',
    'up',
    '--port',
    '0',
    '--data-dir',
    folder,
    '--log-level',
    'debug',
  ];
  const host = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<[number | null, string | null]>((resolve) => host.once('exit', (code, signal) => resolve([code, signal])));
  try {
    const url = await new Promise<string>((resolve) => {
      let text = '';
      host.stderr.on('data', (chunk) => {
        text += chunk;
        const found = /ready on (http:\S+)/.exec(text)?.[1];
        if (found) resolve(found);
      });
    });
    host.stderr.destroy();
    for (let i = 0; i < 20; i++) expect((await fetch(`${url}/logs`, { method: 'POST', body: '{"message":"x"}' })).status).toBe(202);
    const stats = (await (await fetch(`${url}/stats`)).json()) as { cpu: { user_s: number } };
    const later = (await (await fetch(`${url}/stats`)).json()) as { cpu: { user_s: number } };
    expect(later.cpu.user_s - stats.cpu.user_s).toBeLessThan(1);
    host.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    host.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});
