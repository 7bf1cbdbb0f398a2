import type { APIGatewayProxyResult } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kafkaEvent, type ReadMessage } from '../../scripts/services/kafka-event.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createKeys } from '../../src/pipeline/keys.ts';
import { services } from '../services/services.ts';
import { apiEvent } from './api-gateway.ts';
import { recorded } from './recorded.ts';
import type { RunningFunction } from './run-function.ts';
import { openStage, type Stage } from './stage.ts';

const { aws, kafka, openSearch } = services();

describe.skipIf(!aws || !kafka || !openSearch)('index', () => {
  let stage: Stage;
  let ingest: RunningFunction;
  let index: RunningFunction;
  let query: RunningFunction;
  let key: string;
  const prefix = `f${Math.random().toString(36).slice(2, 8)}.`;
  beforeAll(async () => {
    stage = await openStage(['ingest', 'index', 'query', 'bootstrap'], {
      LOGDRIVE_HOT_URL: openSearch!.url,
      LOGDRIVE_HOT_PREFIX: prefix,
      LOGDRIVE_HOT_CELLS: '2',
    });
    [ingest, index, query] = [stage.start('ingest'), stage.start('index'), stage.start('query')];
    const keys = createKeys({ state: stage.state, clock: systemClock });
    ({ secret: key } = await keys.create({ tenant: 'acme', name: 'test', scopes: ['ingest', 'query'] }));
  });
  afterAll(async () => {
    if (openSearch) await fetch(`${openSearch.url}/${prefix}logs.*`, { method: 'DELETE' });
    await stage?.close();
  });

  const call = async (fn: RunningFunction, method: string, path: string, body?: object) => {
    const headers = { 'x-api-key': key, 'content-type': 'application/json' };
    const answer = await fn.answer<APIGatewayProxyResult>(
      apiEvent(path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) }),
    );
    return { status: answer.statusCode, json: JSON.parse(answer.body) };
  };
  const indexAll = async (by = index) => {
    let closed = 0;
    for (const [partition, messages] of await stage.readTopic())
      closed += (await by.answer<{ closed: number }>(kafkaEvent(stage.rawTopic, partition, messages as ReadMessage[]))).closed;
    return closed;
  };

  test('the custom resource makes topics and the template, and says what the cluster lacks', async () => {
    const event = recorded('custom-resource');
    const properties = { ...(event.ResourceProperties as object), Replicas: '0', Writers: ['arn:aws:iam::123456789012:role/index'] };
    const { Data } = await stage.start('bootstrap').answer<{ Data: { Documents: string } }>({ ...event, ResourceProperties: properties });
    expect(Data.Documents).toContain('index template: written');
    expect((await fetch(`${openSearch!.url}/_index_template/${prefix}logdrive-logs`)).status).toBe(200);
  });

  test('records can be searched once their event was taken; the same event twice at once closes them once', async () => {
    const { json } = await call(ingest, 'POST', '/logs', [
      { service: 'shop', message: 'payment failed' },
      { service: 'shop', message: 'paid' },
    ] as object);
    const closed = await Promise.all([indexAll(), indexAll(stage.start('index'))]);
    expect(closed.reduce((sum, n) => sum + n, 0)).toBe(2);
    const { json: found } = await call(query, 'GET', '/api/logs?search=payment');
    expect(found.items).toMatchObject([{ message: 'payment failed' }]);
    expect((await call(query, 'GET', `/api/receipts/${json.receipt}`)).json).toMatchObject({ hot: { done: 2 }, warm: { in_flight: 2 } });
  });

  test('without OpenSearch the event fails and is delivered again', async () => {
    await call(ingest, 'POST', '/logs', [{ service: 'shop', message: 'later' }] as object);
    const lost = stage.start('index', { env: { LOGDRIVE_HOT_URL: 'http://127.0.0.1:9' }, timeoutMs: 8_000 });
    await expect(indexAll(lost)).rejects.toThrow(/STORE_UNAVAILABLE|hot store/);
    expect(await indexAll()).toBe(1);
  });
});
