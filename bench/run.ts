// Runs all benches one after the other: node bench/run.ts [--minutes 0.5] [--rounds 3]. What the figures mean: docs/benchmarks.md.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const benches: [title: string, script: string, args: string[]][] = [
  ['The whole host beside a baseline', 'host.ts', process.argv.slice(2)],
  ['Queries Q1 to Q6 over one million records', 'queries.ts', []],
  ['What accept is made of', 'accept.ts', ['3']],
  ['What process is made of', 'process.ts', []],
  ['The table, its sealing and merging', 'seal.ts', []],
  ['The segment queue beside a plain loop', 'queue.ts', ['2']],
  ['Five thousand rules on one core', 'rules.ts', []],
  ['A backtest of 30 days beside the live evaluator', 'backtest.ts', []],
];
for (const [title, script, args] of benches) {
  console.log(`\n## ${title}: node bench/${[script, ...args].join(' ')}\n`);
  const { status } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, script), ...args], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
