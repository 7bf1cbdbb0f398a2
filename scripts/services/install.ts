import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Jdk } from './java.ts';
import { Missing } from './missing.ts';
import { mavenPlugin } from './pins.ts';

const run = promisify(execFile);
const abandonedMs = 3_600_000;

/** Where downloads are kept, for all clones of a user: LOGDRIVE_SERVICES_CACHE, or a folder in the user's cache directory. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.LOGDRIVE_SERVICES_CACHE) return env.LOGDRIVE_SERVICES_CACHE;
  const caches = env.XDG_CACHE_HOME ?? join(homedir(), platform() === 'darwin' ? 'Library/Caches' : '.cache');
  return join(caches, 'logdrive-services');
}

/**
 * Makes a folder of the cache once: `build` fills a folder beside it, which takes its name only when complete. Two that build at once do no harm.
 * @returns the folder, and whether it was built now
 */
export async function once(name: string, build: (folder: string) => Promise<void>): Promise<{ folder: string; built: boolean }> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return { folder, built: false };
  await mkdir(dirname(folder), { recursive: true });
  await clearAbandoned(dirname(folder));
  const draft = `${folder}.${randomBytes(4).toString('hex')}.part`;
  await mkdir(draft);
  try {
    await build(draft);
    await rename(draft, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return { folder, built: true };
}

/** Copies the jars of one artefact and all it needs into a folder, by Maven. */
export async function downloadJars(artefact: string, jdk: Jdk, folder: string): Promise<void> {
  const [groupId, artifactId, version] = artefact.split(':');
  const pom = join(folder, 'pom.xml');
  await writeFile(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging><dependencies>
<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>
</dependencies></project>
`,
  );
  const goal = `${mavenPlugin}:copy-dependencies`;
  await tool(
    'mvn',
    ['-q', '-B', '-f', pom, goal, `-DoutputDirectory=${join(folder, 'lib')}`, '-DincludeScope=runtime'],
    'Maven is needed (Debian, Ubuntu: apt-get install maven; macOS: brew install maven)',
    { ...process.env, JAVA_HOME: jdk.home },
  );
}

/** Makes a Python environment with these packages in a folder. */
export async function installPython(packages: readonly string[], folder: string): Promise<void> {
  const hint = 'Python 3.10 or newer with venv is needed (Debian, Ubuntu: apt-get install python3 python3-venv)';
  await tool('python3', ['-m', 'venv', folder], hint);
  await tool(join(folder, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], hint);
}

/** Runs a tool to its end; its own words are in the error, and one that is not there is `Missing`. */
export async function tool(name: string, args: string[], hint: string, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  try {
    await run(name, args, { env, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (code === 'ENOENT') throw new Missing(hint);
    if (/ensurepip is not available/.test(stdout + stderr)) throw new Missing(hint);
    throw new Error(`${name} ${args.slice(0, 4).join(' ')} … failed:\n${(stdout + stderr).trim().slice(-3_000)}`);
  }
}

/** Removes what an installation left that was killed, after an hour. */
async function clearAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.part')) continue;
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > abandonedMs) await rm(join(folder, name), { recursive: true, force: true });
  }
}
