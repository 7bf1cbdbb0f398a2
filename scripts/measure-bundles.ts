// Measures size and cold import of every bundle, as a table for docs/benchmarks.md: node scripts/measure-bundles.ts [folder]
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { functions } from '../lambdas/registry.ts';
import { defaultFolder } from './bundle.ts';

/** As much as lets a module be imported: nothing is asked anything before the first invocation. */
const environment = {
  LOGDRIVE_STAGE: 'test',
  LOGDRIVE_TABLE: 't',
  LOGDRIVE_BUCKET: 'b',
  LOGDRIVE_DLQ_URL: 'http://127.0.0.1:9/q',
  LOGDRIVE_BROKERS: '127.0.0.1:9',
  LOGDRIVE_KAFKA_AUTH: 'plain',
  LOGDRIVE_PARTITIONS: '1',
  LOGDRIVE_HOT_URL: 'http://127.0.0.1:9',
  AWS_REGION: 'us-east-1',
};

export type ImportTimes = { wallMs: number; cpuMs: number };

/**
 * What a fresh Node process takes to import a function's bundle, the median of some: time on the clock, and of the processor, which a busy machine
 * changes less. Throws where it exports no handler.
 */
export function measureImport(folder: string, name: string, times = 5): ImportTimes {
  const url = pathToFileURL(join(folder, name, 'index.mjs')).href;
  const script = [
    'globalThis.awslambda = { streamifyResponse: (handler) => handler };',
    'const [began, cpu] = [performance.now(), process.cpuUsage()];',
    `const { handler } = await import(${JSON.stringify(url)});`,
    'const { user, system } = process.cpuUsage(cpu);',
    "if (typeof handler !== 'function') throw new Error('no handler');",
    'process.stdout.write(JSON.stringify({ wallMs: performance.now() - began, cpuMs: (user + system) / 1000 }));',
    'process.exit(0);',
  ].join('\n');
  const run = () =>
    JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-e', script], { env: environment, encoding: 'utf8' }),
    ) as ImportTimes;
  const runs = Array.from({ length: times }, run);
  const median = (of: keyof ImportTimes) => runs.map((each) => each[of]).sort((a, b) => a - b)[times >> 1]!;
  return { wallMs: median('wallMs'), cpuMs: median('cpuMs') };
}

if (import.meta.main) {
  const folder = process.argv[2] ?? defaultFolder;
  console.log('| function | kB | cold import ms | CPU ms | memory MB |\n|---|---|---|---|---|');
  for (const [name, { memoryMb }] of Object.entries(functions)) {
    const kilobytes = Math.round(statSync(join(folder, name, 'index.mjs')).size / 1_000);
    const { wallMs, cpuMs } = measureImport(folder, name);
    console.log(`| ${name} | ${kilobytes} | ${Math.round(wallMs)} | ${Math.round(cpuMs)} | ${memoryMb} |`);
  }
}
