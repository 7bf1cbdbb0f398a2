import { expect, test } from 'vitest';
import { Metrics } from '../../pipeline/metrics.ts';
import { platformMetrics } from '../../pipeline/platform-metrics.ts';
import { EmfMetrics } from './emf-metrics.ts';

const clock = { nowMs: () => 1_763_712_000_000.4, monotonicMs: () => 0 };

function registry() {
  const lines: Record<string, unknown>[] = [];
  const metrics = new EmfMetrics({
    dimensions: { stage: 'dev', function: 'ingest' },
    clock,
    write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  return { metrics, lines };
}

test('a line has the form that CloudWatch reads metrics from', () => {
  const { metrics, lines } = registry();
  metrics.counter('logdrive_logs_ingested_total', 'Records.').add(500);
  metrics.flush();
  expect(lines).toEqual([
    {
      _aws: {
        Timestamp: 1_763_712_000_000,
        CloudWatchMetrics: [
          {
            Namespace: 'Logdrive',
            Dimensions: [['stage', 'function']],
            Metrics: [{ Name: 'logdrive_logs_ingested_total', Unit: 'Count' }],
          },
        ],
      },
      stage: 'dev',
      function: 'ingest',
      logdrive_logs_ingested_total: 500,
    },
  ]);
});

test('a counter is written as what was added since the last line, and not at all when nothing was', () => {
  const { metrics, lines } = registry();
  const counter = metrics.counter('logdrive_a_total', 'A.');
  counter.add(2);
  metrics.flush();
  metrics.flush();
  counter.add(3);
  metrics.flush();
  expect(lines.map((line) => line.logdrive_a_total)).toEqual([2, 3]);
  expect(counter.value()).toBe(5);
});

test('labels are dimensions, a line for each set of them, but for routes and methods', () => {
  const { metrics, lines } = registry();
  const requests = metrics.counter('logdrive_http_requests_total', 'Requests.', ['method', 'route', 'status']);
  requests.add(1, 'GET', '/a', '200');
  requests.add(1, 'POST', '/b', '200');
  requests.add(1, 'GET', '/a', '503');
  metrics.flush();
  expect(lines.map(({ status, logdrive_http_requests_total: n }) => [status, n])).toEqual([
    ['200', 2],
    ['503', 1],
  ]);
  expect(lines[0]).toMatchObject({ _aws: { CloudWatchMetrics: [{ Dimensions: [['stage', 'function', 'status']] }] } });
});

test('all values of a histogram are written, 100 a line', () => {
  const { metrics, lines } = registry();
  const seconds = metrics.histogram('logdrive_a_seconds', 'A.');
  for (let i = 0; i < 250; i++) seconds.observe(i);
  metrics.flush();
  expect(lines.map(({ logdrive_a_seconds: values }) => (values as number[]).length)).toEqual([100, 100, 50]);
  expect(lines.flatMap(({ logdrive_a_seconds: values }) => values as number[])).toEqual(Array.from({ length: 250 }, (_, i) => i));
  expect(lines[0]).toMatchObject({ _aws: { CloudWatchMetrics: [{ Metrics: [{ Unit: 'Seconds' }] }] } });
});

test('more metrics than a line may name take another line', () => {
  const { metrics, lines } = registry();
  for (let i = 0; i < 130; i++) metrics.gauge(`logdrive_${i}`, 'G.').set(i);
  metrics.flush();
  expect(lines).toHaveLength(2);
  expect(Object.keys(Object.assign({}, ...lines)).filter((name) => name.startsWith('logdrive_'))).toHaveLength(130);
});

test('the platform names its metrics here as it does for /metrics', () => {
  const text = new Metrics();
  const { metrics, lines } = registry();
  platformMetrics(text).logsIngested.add(7);
  platformMetrics(metrics).logsIngested.add(7);
  metrics.flush();
  const [name] = /^logdrive_logs_ingested_total 7$/m.exec(text.text())![0].split(' ');
  expect(lines[0]).toHaveProperty(name!, 7);
});
