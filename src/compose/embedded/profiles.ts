import { mkdir, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export type ProfileKind = 'cpu' | 'heap';

/**
 * Profiles this thread while `work` goes on and writes the file that Chrome's developer tools open: `.cpuprofile` (samples) or `.heapprofile`
 * (allocations that are still alive). Resolves to its path.
 */
export async function writeProfile(folder: string, thread: string, kind: ProfileKind, work: () => Promise<unknown>): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = `${folder}/${new Date().toISOString().replaceAll(':', '-')}-${thread}.${kind}profile`;
  await writeFile(path, JSON.stringify(await record(kind, work)));
  return path;
}

/** Profiles this thread for some seconds. */
export const takeProfile = (folder: string, thread: string, kind: ProfileKind, seconds: number): Promise<string> =>
  writeProfile(folder, thread, kind, () => sleep(seconds * 1_000));

/** Profiles this thread, CPU and heap, until the work ends. Resolves to both paths. */
export const profileAll = (folder: string, thread: string, work: Promise<unknown>): Promise<string[]> =>
  Promise.all((['cpu', 'heap'] as const).map((kind) => writeProfile(folder, thread, kind, () => work)));

async function record(kind: ProfileKind, work: () => Promise<unknown>): Promise<object> {
  const session = new Session();
  session.connect();
  try {
    if (kind === 'cpu') {
      await session.post('Profiler.enable');
      await session.post('Profiler.start');
      await work();
      return (await session.post('Profiler.stop')).profile;
    }
    await session.post('HeapProfiler.enable');
    await session.post('HeapProfiler.startSampling');
    await work();
    return (await session.post('HeapProfiler.stopSampling')).profile;
  } finally {
    session.disconnect();
  }
}
