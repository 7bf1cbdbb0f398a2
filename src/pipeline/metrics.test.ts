import { expect, test } from 'vitest';
import { Metrics } from './metrics.ts';
import { platformMetrics } from './platform-metrics.ts';

test('a counter without labels shows 0 before it is first used', () => {
  const metrics = new Metrics();
  metrics.counter('runs_total', 'Runs.');
  expect(metrics.text()).toBe('# HELP runs_total Runs.\n# TYPE runs_total counter\nruns_total 0\n');
});

test('counters count by label set, and label values are escaped', () => {
  const metrics = new Metrics();
  const requests = metrics.counter('requests_total', 'Requests.', ['route', 'status']);
  requests.add(1, '/logs', '202');
  requests.add(2, '/logs', '202');
  requests.add(1, 'a"b\\c\nd', '400');
  expect(requests.value('/logs', '202')).toBe(3);
  expect(metrics.text()).toContain('requests_total{route="/logs",status="202"} 3\nrequests_total{route="a\\"b\\\\c\\nd",status="400"} 1\n');
});

test('a histogram has cumulative buckets, a sum and a count; a bound belongs to its bucket', () => {
  const metrics = new Metrics();
  const seconds = metrics.histogram('seconds', 'Time.', ['route'], [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 5]) seconds.observe(value, '/logs');
  expect(metrics.text().split('\n').slice(2, 7)).toEqual([
    'seconds_bucket{route="/logs",le="0.1"} 2',
    'seconds_bucket{route="/logs",le="1"} 3',
    'seconds_bucket{route="/logs",le="+Inf"} 4',
    'seconds_sum{route="/logs"} 5.65',
    'seconds_count{route="/logs"} 4',
  ]);
});

test('an observed gauge is read when the text is made, with labels or without', () => {
  const metrics = new Metrics();
  let depth = 1;
  metrics.observedGauge('depth', 'Depth.', () => depth);
  metrics.observedGauge(
    'lag',
    'Lag.',
    () => [
      [4, '0'],
      [Number.NaN, '1'],
    ],
    ['partition'],
  );
  depth = 7;
  expect(metrics.text()).toContain('depth 7\n');
  expect(metrics.text()).toContain('lag{partition="0"} 4\nlag{partition="1"} NaN\n');
});

test('label sets beyond the bound are counted together, and none is lost', () => {
  const metrics = new Metrics();
  const seen = metrics.counter('seen_total', 'Seen.', ['who']);
  for (let i = 0; i < 2_000; i++) seen.add(1, `caller-${i}`);
  const lines = metrics
    .text()
    .split('\n')
    .filter((line) => line.startsWith('seen_total{'));
  expect(lines).toHaveLength(501);
  expect(lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBe(2_000);
  expect(lines).toContain('seen_total{who="other"} 1500');
});

test('a name is given once', () => {
  const metrics = new Metrics();
  metrics.counter('a_total', 'A.');
  expect(() => metrics.gauge('a_total', 'A.')).toThrow('exists already');
});

test('the metrics that the documents promise are there from the start', () => {
  const metrics = new Metrics();
  platformMetrics(metrics);
  for (const name of [
    'logdrive_log_batches_received_total',
    'logdrive_invalid_requests_total',
    'logdrive_logs_ingested_total',
    'logdrive_ingest_errors_total',
    'logdrive_aggregation_runs_total',
    'logdrive_panics_total',
  ]) {
    expect(metrics.text()).toContain(`# TYPE ${name} counter\n`);
  }
});
