import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kafkaEvent, type ReadMessage } from '../../scripts/services/kafka-event.ts';
import { noteExtents } from '../../src/compose/aws/log-extents.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createKeys } from '../../src/pipeline/keys.ts';
import { services } from '../services/services.ts';
import { apiEvent } from './api-gateway.ts';
import { recorded } from './recorded.ts';
import type { RunningFunction } from './run-function.ts';
import { openStage, type Stage } from './stage.ts';

const { aws, kafka } = services();

describe.skipIf(!aws || !kafka)('alerts of a stage', () => {
  let stage: Stage;
  let key = '';
  let query: RunningFunction;
  const told: { status: string; alerts: { labels: Record<string, string> }[] }[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      told.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.end('{}');
    });
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    const alerts = {
      allowAddresses: ['127.0.0.1'],
      channels: { hook: { kind: 'webhook', url: `http://127.0.0.1:${port}/hook` } },
      routing: { route: { receiver: 'hook', group_wait: '0s', group_interval: '1m', repeat_interval: '1h' } },
    };
    stage = await openStage(['ingest', 'archive', 'query', 'evaluate', 'deliver-alerts'], {
      LOGDRIVE_SETTINGS: JSON.stringify({ alerts }),
    });
    await stage.makeTopics();
    const made = createKeys({ state: stage.state, clock: systemClock });
    key = (await made.create({ tenant: 'acme', name: 'a', scopes: ['ingest', 'query', 'admin'] })).secret;
    query = stage.start('query');
  });
  afterAll(async () => {
    receiver.closeAllConnections();
    receiver.close();
    await stage?.close();
  });

  const call = async (fn: RunningFunction, path: string, body?: unknown) => {
    const headers = { 'x-api-key': key, 'content-type': 'application/json' };
    const event = apiEvent(path, { method: body ? 'POST' : 'GET', headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    const { statusCode, body: text } = await fn.answer<APIGatewayProxyResult>(event);
    return { status: statusCode, json: JSON.parse(text) };
  };

  test('without a rule both calls of a minute end at once', async () => {
    expect(await stage.start('evaluate').answer(recorded('schedule'))).toMatchObject({ rules: 0, passes: 0 });
    expect(await stage.start('deliver-alerts').answer(recorded('schedule'))).toEqual({ taken: 0, planned: 0, passes: 0 });
  });

  test('a rule that is kept by the API fires in the function that evaluates, and is told by the one that delivers', async () => {
    const rule = { name: 'errors', condition: ['>', ['count', { where: ['=', 'level', 'error'], by: ['service'], window: '1m' }], 0] };
    expect((await call(query, '/api/alerts/rules', rule)).status).toBe(201);
    const records = [{ level: 'error', service: 'shop', message: 'payment failed' }];
    expect((await call(stage.start('ingest'), '/logs', records)).status).toBe(202);
    const archive = stage.start('archive');
    for (const [partition, messages] of await stage.readTopic())
      await archive.answer(kafkaEvent(stage.rawTopic, partition, messages as ReadMessage[]));

    // What the canary's function does each minute.
    const noteLog = async () => {
      const read = await stage.readTopic();
      const ranges = [0, 1].map((partition) => ({ partition, start: 0, end: read.get(partition)?.length ?? 0 }));
      await noteExtents(stage.state, { generation: 1, ranges: async () => ranges, holes: async () => [] }, systemClock);
    };
    // A pass each: less time than until the next one.
    const evaluate = stage.start('evaluate', { timeoutMs: 4_000 });
    const firing = async () => {
      await noteLog();
      expect(await evaluate.answer(recorded('schedule'))).toMatchObject({ rules: 1 });
      const { json } = await call(query, '/api/alerts?state=firing');
      return json.items.map(({ rule, labels }: { rule: string; labels: { service: string } }) => [rule, labels.service]);
    };
    await expect.poll(firing, { timeout: 150_000, interval: 2_000 }).toEqual([['errors', 'shop']]);
    const deliver = stage.start('deliver-alerts', { timeoutMs: 6_000 });
    const delivered = async () => {
      await deliver.answer(recorded('schedule'));
      return told.length;
    };
    await expect.poll(delivered, { timeout: 60_000, interval: 1_000 }).toBe(1);
    expect(told[0]).toMatchObject({ status: 'firing', alerts: [{ labels: { alertname: 'errors', service: 'shop' } }] });
    expect((await call(query, '/api/alerts/deliveries')).json.items).toHaveLength(1);
  }, 240_000);
});
