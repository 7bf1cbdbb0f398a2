import { mkdir, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Profiles this thread for some seconds and writes the file that Chrome's developer tools open: `.cpuprofile` (samples) or `.heapprofile`
 * (allocations that are still alive). Resolves to its path.
 */
export async function takeProfile(folder: string, kind: 'cpu' | 'heap', seconds: number): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = `${folder}/${kind}-${new Date().toISOString().replaceAll(':', '-')}.${kind}profile`;
  const profile = await recordProfile(kind, () => sleep(seconds * 1_000));
  await writeFile(path, JSON.stringify(profile));
  return path;
}

/** Profiles while `work` goes on. */
export async function recordProfile(kind: 'cpu' | 'heap', work: () => Promise<unknown>): Promise<object> {
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
