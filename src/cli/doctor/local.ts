import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { size } from '../style.ts';
import type { Finding } from './finding.ts';

const neededNode = 24;
const littleFreeBytes = 2e9;
const tooLittleFreeBytes = 200e6;

export function checkNode(version: string): Finding {
  const isEnough = Number(version.split('.')[0]) >= neededNode;
  return isEnough
    ? { name: 'node', state: 'ok', found: `Node ${version}` }
    : { name: 'node', state: 'bad', found: `Node ${version}`, advice: `Node ${neededNode} is needed; \`npm start\` brings its own` };
}

/** The data folder, or where it would be made: writable, and with room. */
export function checkDataDir(dataDir: string): Finding {
  let folder = dataDir;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    return {
      name: 'data folder',
      state: 'bad',
      found: `${folder} is not writable`,
      advice: `make it yours (\`sudo chown $USER ${folder}\`), or give --data-dir`,
    };
  }
  const { bavail, bsize } = statfsSync(folder);
  const freeBytes = bavail * bsize;
  const found = `${dataDir}${folder === dataDir ? '' : ' (not made yet)'}, ${size(freeBytes)} free`;
  if (freeBytes >= littleFreeBytes) return { name: 'data folder', state: 'ok', found };
  const advice = 'make room, lower warm.days or queue.maxBytes, or give --data-dir on another disk';
  return { name: 'data folder', state: freeBytes < tooLittleFreeBytes ? 'bad' : 'warn', found, advice };
}

/** Whether the port could be listened on, when no server answers. */
export async function checkPort(host: string, port: number): Promise<Finding> {
  const code = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
  const name = 'port';
  if (code === undefined) return { name, state: 'ok', found: `${host}:${port} is free` };
  if (code === 'EADDRINUSE')
    return { name, state: 'bad', found: `${host}:${port} is taken by another program`, advice: 'stop it, or give --port' };
  if (code === 'EACCES') return { name, state: 'bad', found: `${host}:${port} may not be listened on`, advice: 'give --port above 1023' };
  return { name, state: 'bad', found: `${host}:${port}: ${code}`, advice: 'give --host with an address of this machine' };
}
