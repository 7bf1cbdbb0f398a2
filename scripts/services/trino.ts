// Runs a command with Trino 476 beside it, over a throw-away folder, and stops Trino afterwards: `node scripts/services/trino.ts vitest run …`.
// The command finds LOGDRIVE_TEST_TRINO (its URL) and LOGDRIVE_TEST_TRINO_FOLDER (the files of its catalog `warm`, `local:///` in SQL).
import { spawn } from 'node:child_process';
import { once as onceEvent } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { once, tool } from './install.ts';
import { findJdk, type Jdk } from './java.ts';
import { Missing } from './missing.ts';
import { mavenPlugin } from './pins.ts';
import { freePorts } from './ports.ts';
import { isAlive, startDaemon, stopProcess } from './process.ts';

/** The newest on Maven Central; Athena's engine 3 is a fork of an older one. */
const version = '476';
const readyWithinMs = 240_000;
/** What a suite ends with that lacks something of the machine: scripts/test.ts counts it as skipped. */
const missing = 77;

/** Trino's core with the Hive connector alone: 450 MB to download, 390 MB unpacked. */
const install = (jdk: Jdk) =>
  once(`trino-${version}`, async (folder) => {
    const env = { ...process.env, JAVA_HOME: jdk.home };
    for (const artefact of [`io.trino:trino-server-core:${version}:tar.gz`, `io.trino:trino-hive:${version}:zip`]) {
      const args = ['-q', '-B', `${mavenPlugin}:copy`, `-DoutputDirectory=${folder}`, `-Dartifact=${artefact}`];
      await tool('mvn', args, 'Maven is needed (Debian, Ubuntu: apt-get install maven; macOS: brew install maven)', env);
    }
    await tool('tar', ['-xzf', join(folder, `trino-server-core-${version}.tar.gz`), '-C', folder], 'tar is needed');
    const server = join(folder, 'server');
    await rename(join(folder, `trino-server-core-${version}`), server);
    await rm(join(server, 'plugin'), { recursive: true });
    await mkdir(join(server, 'plugin'));
    await tool('unzip', ['-q', join(folder, `trino-hive-${version}.zip`), '-d', join(server, 'plugin')], 'unzip is needed');
    for (const name of await readdir(folder)) if (name.endsWith('.gz') || name.endsWith('.zip')) await rm(join(folder, name));
  });

/** As Athena has it: partition projection, timestamps cut to milliseconds, a partition without a folder is empty. */
async function writeSettings(root: string, port: number): Promise<void> {
  const etc = join(root, 'etc');
  await mkdir(join(etc, 'catalog'), { recursive: true });
  const lines = (file: string, ...text: string[]) => writeFile(join(etc, file), `${text.join('\n')}\n`);
  await lines('node.properties', 'node.environment=test', 'node.id=one', 'node.bind-ip=127.0.0.1', 'node.internal-address=127.0.0.1');
  await lines('jvm.config', '-server', '-Xmx1G', '-XX:+UseG1GC');
  await lines(
    'config.properties',
    'coordinator=true',
    'node-scheduler.include-coordinator=true',
    `http-server.http.port=${port}`,
    `discovery.uri=http://127.0.0.1:${port}`,
  );
  await lines(
    'catalog/warm.properties',
    'connector.name=hive',
    'hive.metastore=file',
    'hive.metastore.catalog.dir=local:///metastore',
    'fs.native-local.enabled=true',
    `local.location=${join(root, 'warm')}`,
    'hive.partition-projection-enabled=true',
    'hive.timestamp-precision=MILLISECONDS',
    'hive.ignore-absent-partitions=true',
  );
  await mkdir(join(root, 'warm'));
}

/** Ready is who has started, not who listens. */
async function isReady(url: string): Promise<boolean> {
  try {
    const { starting } = (await (await fetch(`${url}/v1/info`)).json()) as { starting: boolean };
    return !starting;
  } catch {
    return false;
  }
}

async function run(command: string[]): Promise<number> {
  const jdk = findJdk();
  const { folder } = await install(jdk);
  const root = await mkdtemp(join(tmpdir(), 'logdrive-trino-'));
  const [port = 0] = await freePorts([0]);
  await writeSettings(root, port);
  const log = join(root, 'trino.log');
  const env = { ...process.env, JAVA_HOME: jdk.home, PATH: `${join(jdk.home, 'bin')}:${process.env.PATH}` };
  const launcher = join(folder, 'server/bin/launcher');
  const trino = startDaemon(launcher, ['run', '--etc-dir', join(root, 'etc'), '--data-dir', join(root, 'data')], { env, log });
  try {
    const url = `http://127.0.0.1:${port}`;
    for (const end = performance.now() + readyWithinMs; !(await isReady(url)); await wait(200)) {
      if (isAlive(trino) && performance.now() < end) continue;
      throw new Error(`Trino did not start; the end of its log:\n${readFileSync(log, 'utf8').slice(-3_000)}`);
    }
    const given = { LOGDRIVE_TEST_TRINO: url, LOGDRIVE_TEST_TRINO_FOLDER: join(root, 'warm'), LOGDRIVE_TEST_ONLY: '' };
    const child = spawn(command[0]!, command.slice(1), { stdio: 'inherit', env: { ...process.env, ...given } });
    const [code] = (await onceEvent(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    await stopProcess(trino, 5_000);
    await rm(root, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  console.error(`trino: ${(error as Error).message}`);
  process.exitCode = error instanceof Missing ? missing : 1;
}
