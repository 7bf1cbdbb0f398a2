import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSignalsHost } from '../../test/signals/open-signals-host.ts';

// Sends with OpenTelemetry's SDK for Python to a host, and looks for every record. Needs python3; the packages are installed from PyPI into .venv/ the first time.

const packages = ['opentelemetry-sdk==1.45.2', 'opentelemetry-exporter-otlp-proto-http==1.45.2'];
const root = join(import.meta.dirname, '../..');
const venv = join(root, '.venv/otlp');
const python = join(venv, 'bin/python');
const records = 500;

if (spawnSync('python3', ['--version']).status !== 0) {
  console.log('python3 is missing: OTLP is not tested with the SDK for Python');
  process.exit(77);
}
if (!existsSync(join(venv, 'bin/opentelemetry-ready'))) install();

const host = await openSignalsHost();
const faults: string[] = [];
const expect = (what: string, holds: boolean): void => {
  if (!holds) faults.push(what);
};
try {
  const traceId = await client(host.url);
  type Logs = { items: { level: string; service: string; trace_id?: string; message: string; attributes: Record<string, unknown> }[] };
  type Trace = {
    span_count: number;
    errors: number;
    spans: { name: string; children: { name: string; events: unknown[] }[] }[];
    logs: unknown[];
  };
  type Metric = { items: { points: [string, number][] }[] };
  const endMs = performance.now() + 30_000;
  let logs: Logs;
  do logs = await host.get<Logs>('/api/logs?service=python-shop&limit=10000');
  while (logs.items.length < records && performance.now() < endMs);
  const bySeq = new Map(logs.items.map((item) => [item.attributes.seq, item]));
  expect(`${logs.items.length} log records of ${records}`, logs.items.length === records && bySeq.size === records);
  for (let i = 0; i < records; i++) {
    const { level, message, trace_id, attributes = {} } = bySeq.get(i) ?? ({} as Partial<Logs['items'][number]>);
    const isWhole = level === 'warn' && message === `order ${i} declined` && trace_id === traceId;
    expect(
      `record ${i} is not whole`,
      isWhole && attributes.half === i / 2 && attributes.ok === (i % 2 === 0) && attributes['service.version'] === '2.0',
    );
  }
  const trace = await host.get<Trace>(`/api/traces/${traceId}`);
  expect('the trace is no tree of two spans', trace.span_count === 2 && trace.spans[0]?.children[0]?.name === 'SELECT');
  expect('the error and its event are not there', trace.errors === 1 && trace.spans[0]?.children[0]?.events.length === 1);
  expect('the logs are not in the trace', trace.logs.length === records);
  const value = async (query: string) =>
    (await host.get<Metric>(`/api/metrics/query?step=1d&last=1d&${query}`)).items[0]?.points.at(-1)?.[1];
  expect('the counter is not 7', (await value('name=py_orders&agg=last&q=region:eu')) === 7);
  expect('the histogram does not hold 3 of 15.5 s', (await value('name=py_seconds&agg=max')) === 12);
} finally {
  await host.close();
}
for (const fault of faults.slice(0, 20)) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log(`OpenTelemetry's SDK for Python: ${records} log records, 2 spans, 2 metrics, all found with their attributes`);

function client(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [join(import.meta.dirname, 'otlp-client.py'), url, String(records)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.on('exit', (code) => (code === 0 ? resolve(said.trim()) : reject(new Error(`the client ended with ${code}: ${said}`))));
  });
}

function install(): void {
  mkdirSync(join(root, '.venv'), { recursive: true });
  must('python3', ['-m', 'venv', venv]);
  must(join(venv, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', ...packages]);
  must('touch', [join(venv, 'bin/opentelemetry-ready')]);
}

function must(command: string, args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  console.error(`${command} ${args.join(' ')} failed:\n${stderr}`);
  process.exit(1);
}
