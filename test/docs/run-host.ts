import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './documents.ts';

/** `said`: what the host wrote to standard error, and how it ended if it did. */
export type RunningHost = { url: string; dataDir: string; said(): string; stop(): Promise<void> };
export type Ran = { code: number; stdout: string; stderr: string };

const path = `${join(root, 'node_modules/.bin')}:${process.env.PATH}`;

/** Starts `logdrive up` as a newcomer does, on a free port and in a folder of its own; `prepare` may put something there first. */
export async function runHost({ prepare }: { prepare?: (dataDir: string) => Promise<void> } = {}): Promise<RunningHost> {
  const dataDir = await mkdtemp(join(tmpdir(), 'logdrive-docs-'));
  await prepare?.(dataDir);
  const args = [
    'up',
    '--port',
    '0',
    '--data-dir',
    dataDir,
    '--log-level',
    'warn',
    '--set',
    'seal.after=500ms',
    '--set',
    'canary.enabled=false',
  ];
  const child = spawn(join(root, 'bin/logdrive.ts'), args, {
    cwd: dataDir,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    said += `\nthe host ended with ${code ?? signal}`;
  });
  const url = await addressOf(child);
  return {
    url,
    dataDir,
    said: () => said,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr!.on('data', (chunk) => {
      said += chunk;
      const url = /ready on (\S+)/.exec(said)?.[1];
      if (url) resolve(url);
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the host ended with ${code}: ${said}`)));
  });
}

/** Starts a document's command in the project's folder as it stands, but for the host's address and folder. */
export function startCommand(command: string, { url, dataDir }: RunningHost): { ended: Promise<Ran>; interrupt(): Promise<Ran> } {
  const here = command
    .replaceAll('http://127.0.0.1:4318', url)
    .replaceAll('npx logdrive ', 'bin/logdrive.ts ')
    .replaceAll('npx node ', 'node --disable-warning=ExperimentalWarning ')
    .replace(/(?<=\s|^)\.logdrive\b/g, dataDir);
  const env = { ...process.env, PATH: path, LOGDRIVE_URL: url };
  const child = spawn('bash', ['-euo', 'pipefail', '-c', here], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ran = { code: 0, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    ran.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    ran.stderr += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ ...ran, code: code as number }));
  return {
    ended,
    interrupt: () => {
      child.kill('SIGINT');
      return ended;
    },
  };
}

export const runCommand = (command: string, host: RunningHost): Promise<Ran> => startCommand(command, host).ended;
