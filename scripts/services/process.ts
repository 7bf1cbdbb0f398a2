import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** A process by its id and the moment it began, since ids are used again. */
export type ProcessId = { pid: number; began: string };

const pollMs = 50;

const daemon = join(import.meta.dirname, 'daemon.sh');

/** Starts a program that outlives this one: a session of its own, output into a file, no descriptor but these. */
export function startDaemon(program: string, args: string[], { env, log }: { env: NodeJS.ProcessEnv; log: string }): ProcessId {
  const output = openSync(log, 'a');
  try {
    const child = spawn('bash', [daemon, program, ...args], {
      detached: true,
      stdio: ['ignore', output, output],
      env,
    });
    child.on('error', () => {}); // it has no pid then, see below
    if (child.pid === undefined) throw new Error(`${program} could not be started`);
    child.unref();
    return { pid: child.pid, began: beganOf(child.pid) ?? 'at once gone' };
  } finally {
    closeSync(output);
  }
}

/** This process. */
export const ownProcess = (): ProcessId => ({ pid: process.pid, began: beganOf(process.pid) ?? '' });

export const isAlive = ({ pid, began }: ProcessId): boolean => beganOf(pid) === began;

/** Waits until a process is gone. @returns whether it is */
export async function isGone(id: ProcessId, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (isAlive(id)) {
    if (performance.now() > until) return false;
    await wait(pollMs);
  }
  return true;
}

/**
 * Stops a process: asks, kills what does not end within the grace, and returns when it is gone.
 * @throws Error where even that did not end it
 */
export async function stopProcess(id: ProcessId, graceMs: number): Promise<void> {
  if (!signal(id, 'SIGTERM') || (await isGone(id, graceMs))) return;
  signal(id, 'SIGKILL');
  if (!(await isGone(id, 10_000))) throw new Error(`process ${id.pid} does not end, not even by SIGKILL`);
}

/** @returns whether the process was there to get it */
export function signal(id: ProcessId, name: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false;
  try {
    return process.kill(id.pid, name);
  } catch {
    return false;
  }
}

/** When a process began, as its system says it; undefined for one that has ended, and for a zombie that nobody has collected. */
function beganOf(pid: number): string | undefined {
  if (platform() !== 'linux') return beganByPs(pid);
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function beganByPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const [state = 'Z', ...began] = line.trim().split(/\s+/);
    return state.startsWith('Z') ? undefined : began.join('_').replaceAll(':', '_');
  } catch {
    return undefined;
  }
}
