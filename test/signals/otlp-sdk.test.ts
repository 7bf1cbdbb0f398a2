import { SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredRecord } from '../../src/core/record.ts';
import type { Signal } from '../../src/core/signal.ts';
import { everything } from '../../src/query/ast/expression.ts';
import { openSignalsHost, type SignalsHost } from './open-signals-host.ts';

let host: SignalsHost;
const resource = resourceFromAttributes({
  'service.name': 'shop',
  'host.name': 'h1',
  'deployment.environment.name': 'prod',
  'process.pid': 7,
});
const always = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER };

beforeAll(async () => {
  host = await openSignalsHost();
});
afterAll(() => host.close());

/** The records of a signal once there are so many. */
async function found(signal: Signal, count: number): Promise<StoredRecord[]> {
  const store = host.platform.storeOf(signal);
  const endMs = performance.now() + 30_000;
  for (;;) {
    const { records } = await store.search({ tenant: 'default', where: everything, time: always, order: 'asc', limit: 10_000 });
    if (records.length >= count || performance.now() > endMs) return records;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test.each([
  ['protobuf, gzip', () => new OTLPLogExporter({ url: `${host.url}/v1/logs`, compression: 'gzip' as never })],
  ['JSON', () => new JsonLogExporter({ url: `${host.url}/v1/logs` })],
])('every log record of the SDK is found with its attributes: %s', async (form, exporter) => {
  const provider = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: exporter() })] });
  const logger = provider.getLogger('test', '1.2');
  const before = (await found('logs', 0)).length;
  for (let i = 0; i < 1_000; i++) {
    logger.emit({
      severityNumber: 17,
      severityText: 'ERROR',
      body: `payment ${i} declined`,
      attributes: { order: i, form, nested: { a: [1, 'x'] }, ok: false },
    });
  }
  logger.emit({ severityNumber: 10, body: { kind: 'map', n: 1 }, attributes: { order: 1_000, form } });
  await provider.forceFlush();
  await provider.shutdown();
  const records = (await found('logs', before + 1_001)).filter(({ attributes }) => attributes.form === form);
  expect(records).toHaveLength(1_001);
  const byOrder = new Map(records.map((record) => [record.attributes.order, record]));
  for (let i = 0; i < 1_000; i++) expect(byOrder.get(i)?.message).toBe(`payment ${i} declined`);
  expect(byOrder.get(3)).toMatchObject({
    ...{ service: 'shop', host: 'h1', env: 'prod', level: 'error', severity: 17 },
    attributes: { order: 3, 'nested.a': '[1,"x"]', ok: false, 'process.pid': 7, 'otel.scope.name': 'test', 'otel.scope.version': '1.2' },
  });
  expect(byOrder.get(1_000)).toMatchObject({ level: 'info', severity: 10, attributes: { kind: 'map', n: 1 } });
});

test('every span of the SDK is in its trace, as a tree, with the logs that carry its id', async () => {
  const exporter = new OTLPTraceExporter({ url: `${host.url}/v1/traces` });
  const provider = new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
  const tracer = provider.getTracer('test');
  const root = tracer.startSpan('POST /orders', { kind: 1, attributes: { 'http.route': '/orders', status: 'mine' } });
  const context = trace.setSpan((await import('@opentelemetry/api')).ROOT_CONTEXT, root);
  const child = tracer.startSpan('SELECT', { kind: 2, links: [{ context: root.spanContext() }] }, context);
  child.addEvent('retry', { attempt: 2 });
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'deadlock' });
  child.end();
  root.end();
  await provider.forceFlush();
  await provider.shutdown();
  const { traceId } = root.spanContext();
  await host.post('/logs?wait=hot', { message: 'in the trace', trace_id: traceId });
  await found('traces', 2);
  const found1 = await host.get<Record<string, unknown>>(`/api/traces/${traceId}`);
  expect(found1).toMatchObject({
    ...{ trace_id: traceId, services: ['shop'], span_count: 2, errors: 1, logs: [{ message: 'in the trace' }] },
    spans: [
      {
        ...{ name: 'POST /orders', kind: 'server', status: 'unset', parent_span_id: null },
        attributes: { 'http.route': '/orders', 'span.status': 'mine', 'process.pid': 7 },
        children: [
          {
            ...{ name: 'SELECT', kind: 'client', status: 'error', status_message: 'deadlock', children: [] },
            events: [{ name: 'retry', attributes: { attempt: 2 } }],
            links: [{ trace_id: traceId, span_id: root.spanContext().spanId }],
          },
        ],
      },
    ],
  });
  expect((await host.get<{ code: string }>(`/api/traces/${'ab'.repeat(16)}`)).code).toBe('NOT_FOUND');
});

test('every point of the SDK is there: counter, gauge and histogram', async () => {
  const exporter = new OTLPMetricExporter({ url: `${host.url}/v1/metrics` });
  const provider = new MeterProvider({
    resource,
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
  });
  const meter = provider.getMeter('test');
  meter.createCounter('orders', { unit: '{order}' }).add(5, { region: 'eu', name: 'label of a taken name' });
  meter.createGauge('depth').record(2.5);
  const seconds = meter.createHistogram('seconds', { advice: { explicitBucketBoundaries: [1, 2, 4] } });
  for (const value of [0.5, 1.5, 3, 9]) seconds.record(value);
  await provider.forceFlush();
  await provider.shutdown();
  const points = await found('metrics', 3);
  const named = (name: string) => points.find(({ attributes }) => attributes.name === name);
  expect(named('orders')).toMatchObject({
    service: 'shop',
    message: 'orders',
    attributes: {
      type: 'counter',
      unit: '{order}',
      value: 5,
      temporality: 'cumulative',
      region: 'eu',
      'label.name': 'label of a taken name',
    },
  });
  expect(named('depth')!.attributes).toMatchObject({ type: 'gauge', value: 2.5 });
  expect(named('seconds')!.attributes).toMatchObject({
    type: 'histogram',
    count: 4,
    sum: 14,
    min: 0.5,
    max: 9,
    bounds: '[1,2,4]',
    counts: '[1,1,1,1]',
  });
});

const span = (more: object) => ({
  resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'x', startTimeUnixNano: '1795773600000000001', ...more }] }] }],
});
const good = { traceId: 'AF'.repeat(16), spanId: '0b'.repeat(8) };

test('what must not be sent again is a partial success; the same body again is taken once', async () => {
  const before = (await found('traces', 0)).length;
  const { resourceSpans } = span(good);
  resourceSpans[0]!.scopeSpans[0]!.spans.push({ name: 'without ids', startTimeUnixNano: '1' });
  for (let i = 0; i < 2; i++) {
    const { status, body } = await host.post('/v1/traces', { resourceSpans, unknownField: 1 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ partialSuccess: { rejectedSpans: '1', errorMessage: expect.stringContaining('trace id') } });
  }
  await host.post('/logs?wait=hot', { message: 'behind' });
  expect(await found('traces', before + 1)).toHaveLength(before + 1);
});

test('64-bit numbers, bytes and nanoseconds keep their digits', async () => {
  const attributes = [
    { key: 'large', value: { intValue: '9007199254740993' } },
    { key: 'small', value: { intValue: 12 } },
    { key: 'raw', value: { bytesValue: 'AQID' } },
  ];
  const record = {
    timeUnixNano: '1795773600123456789',
    body: { stringValue: 'digits' },
    attributes,
    traceId: 'ab'.repeat(16),
    spanId: 'cd'.repeat(8),
  };
  expect((await host.post('/v1/logs', { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] })).status).toBe(200);
  const endMs = performance.now() + 30_000;
  let items: unknown[] = [];
  while (items.length === 0 && performance.now() < endMs) ({ items } = await host.get<{ items: unknown[] }>('/api/logs?search=digits'));
  expect(items).toMatchObject([
    {
      ...{ timestamp: '2026-11-27T10:00:00.123456789Z', trace_id: 'ab'.repeat(16), span_id: 'cd'.repeat(8) },
      attributes: { large: '9007199254740993', small: 12, raw: 'AQID' },
    },
  ]);
});

test('failures are google.rpc.Status in the form of the request', async () => {
  const json = await host.post('/v1/logs', '{"resourceLogs":');
  expect(json).toMatchObject({ status: 400, body: { code: 3, message: expect.stringContaining('INVALID_BODY') } });
  const response = await fetch(`${host.url}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: Uint8Array.of(0xff, 0xff),
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/x-protobuf']);
  expect([...new Uint8Array(await response.arrayBuffer())].slice(0, 2)).toEqual([8, 3]);
});
