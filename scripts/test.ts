// Runs every suite and closes with the one line that CI reads: `N passed, N failed`, with `, N skipped` when so.
// `npm test -- vitest types` runs only the suites of these names.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

type Count = { passed: number; failed: number; skipped: number };
type Suite = {
  name: string;
  command: string;
  /** A report to count tests from; without one the suite is a single check. */
  report?: { file: string; read: (text: string) => Count };
};

process.chdir(join(import.meta.dirname, '..'));
if (!process.stdout.isTTY) process.env.NO_COLOR = '1';
const reports = '.reports';
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports);

const vitestReport = `${reports}/vitest.json`;
const servicesReport = `${reports}/services.json`;
const suites: Suite[] = [
  { name: 'types', command: 'tsc' },
  { name: 'lint', command: 'biome check --diagnostic-level=warn' },
  { name: 'generated', command: 'node scripts/gen.ts --check' },
  {
    name: 'vitest',
    command: `vitest run --project unit --coverage --reporter=dot --reporter=json --outputFile.json=${vitestReport}`,
    report: { file: vitestReport, read: readVitest },
  },
  {
    name: 'services',
    command: `vitest run --project services --reporter=dot --reporter=json --outputFile.json=${servicesReport}`,
    report: { file: servicesReport, read: readVitest },
  },
  { name: 'synth', command: 'node scripts/synth.ts' },
  { name: 'cfn-lint', command: 'node scripts/verify/cfn-lint.ts' },
  { name: 'tour', command: 'node scripts/verify/tour.ts' },
  { name: 'grpc', command: 'node --disable-warning=ExperimentalWarning scripts/verify/grpc.ts' },
  { name: 'otlp', command: 'node --disable-warning=ExperimentalWarning scripts/verify/otlp.ts' },
  { name: 'openapi', command: 'node scripts/verify/openapi.ts --examples 15' },
];
/** A suite that ends with this lacks something of the machine, and has said what: a skip by name, in CI a failure. */
const missing = 77;

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`no suite is named ${unknown.join(', ')}; there are ${suites.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const total: Count = { passed: 0, failed: 0, skipped: 0 };
console.log(`node ${process.version}`);
for (const { name, command, report } of suites) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const startedMs = performance.now();
  const { status } = spawnSync(command, { shell: true, stdio: 'inherit' });
  const isSkipped = status === missing && !process.env.CI;
  const isOk = status === 0 || isSkipped;
  const count =
    report && existsSync(report.file)
      ? report.read(readFileSync(report.file, 'utf8'))
      : { passed: Number(isOk && !isSkipped), failed: Number(!isOk), skipped: Number(isSkipped) };
  if (!isOk && count.failed === 0) count.failed = 1; // it failed outside its tests
  for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += count[key];
  console.log(`${isSkipped ? 'skipped' : isOk ? 'ok' : 'FAILED'}: ${name} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`);
}
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

function readVitest(text: string): Count {
  const report = JSON.parse(text) as Record<'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numTodoTests', number>;
  return { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests + report.numTodoTests };
}
