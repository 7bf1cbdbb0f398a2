import type { APIGatewayProxyResult } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FunctionName } from '../../lambdas/registry.ts';
import { kafkaEvent, type ReadMessage } from '../../scripts/services/kafka-event.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createKeys } from '../../src/pipeline/keys.ts';
import type { Scope } from '../../src/pipeline/platform.ts';
import { services } from '../services/services.ts';
import { apiEvent } from './api-gateway.ts';
import { recorded } from './recorded.ts';
import type { RunningFunction } from './run-function.ts';
import type { Streamed } from './runtime-api.ts';
import { openStage, type Stage } from './stage.ts';

const { aws, kafka } = services();
const names: FunctionName[] = ['ingest', 'archive', 'query', 'tail', 'redrive', 'canary', 'take-in', 'publish-parsed', 'bootstrap'];

describe.skipIf(!aws || !kafka)('a stage of functions', () => {
  let stage: Stage;
  const fns = {} as Record<FunctionName, RunningFunction>;
  const keys: Record<string, string> = {};
  beforeAll(async () => {
    stage = await openStage(names);
    for (const name of names) fns[name] = stage.start(name);
    const made = createKeys({ state: stage.state, clock: systemClock });
    for (const [tenant, scope] of [
      ['acme', 'ingest'],
      ['acme', 'query'],
      ['acme', 'admin'],
      ['beta', 'query'],
    ] as [string, Scope][])
      keys[`${tenant}/${scope}`] = (
        await made.create({ tenant, name: scope, scopes: scope === 'admin' ? ['query', 'admin'] : [scope] })
      ).secret;
  });
  afterAll(() => stage?.close());

  const call = async (
    fn: FunctionName,
    path: string,
    { method = 'GET', key = 'acme/query', body }: { method?: string; key?: string; body?: unknown } = {},
  ) => {
    const headers = { 'x-api-key': keys[key] ?? '', 'content-type': 'application/json' };
    const event = apiEvent(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const { statusCode, headers: answered, body: text } = await fns[fn].answer<APIGatewayProxyResult>(event);
    return {
      status: statusCode,
      headers: answered!,
      text,
      json: (text.startsWith('{') ? JSON.parse(text) : undefined) as Record<string, never>,
    };
  };
  const post = (records: object[]) => call('ingest', '/logs', { method: 'POST', key: 'acme/ingest', body: records });
  async function archiveAll(): Promise<void> {
    for (const [partition, messages] of await stage.readTopic())
      await fns.archive.answer(kafkaEvent(stage.rawTopic, partition, messages as ReadMessage[]));
  }

  test('the custom resource makes topics, again with more partitions, refuses fewer, and leaves them when it is deleted', async () => {
    const create = recorded('custom-resource');
    const made = await fns.bootstrap.answer<{ PhysicalResourceId: string; Data: { Topics: string; Generation: string } }>(create);
    expect(made.Data).toMatchObject({ Topics: `${stage.rawTopic},${stage.topicPrefix}logs.in`, Generation: '1' });
    expect((await stage.partitionsOf('logs.raw')).length).toBe(2);
    const change = (Partitions: string) => ({
      ...create,
      RequestType: 'Update',
      PhysicalResourceId: made.PhysicalResourceId,
      ResourceProperties: { ...(create.ResourceProperties as object), Partitions },
    });
    expect((await fns.bootstrap.answer<typeof made>(change('2'))).PhysicalResourceId).toBe(made.PhysicalResourceId);
    expect(await fns.bootstrap.invoke(change('1'))).toMatchObject({
      kind: 'failed',
      error: { errorMessage: expect.stringContaining('partitions') },
    });
    expect(await fns.bootstrap.invoke(change('none'))).toMatchObject({ kind: 'failed' });
    const gone = { ...create, RequestType: 'Delete', PhysicalResourceId: made.PhysicalResourceId };
    expect(await fns.bootstrap.answer(gone)).toEqual({ PhysicalResourceId: made.PhysicalResourceId, Data: {} });
    expect((await stage.partitionsOf('logs.raw')).length).toBe(2);
  });

  test('what was archived is found, by its own tenant only', async () => {
    const { json: sent } = await post([
      { level: 'error', service: 'shop', message: 'payment failed', id: 'p-1' },
      { service: 'shop', message: 'paid', latency_ms: 12 },
    ]);
    await archiveAll();
    const { status, json } = await call('query', '/api/logs?search=payment');
    expect([status, (json.items as unknown as { message: string }[]).map(({ message }) => message)]).toEqual([200, ['payment failed']]);
    expect((await call('query', '/api/logs?search=payment', { key: 'beta/query' })).json.items).toEqual([]);
    const { json: status2 } = await call('query', `/api/receipts/${sent.receipt}`);
    expect(status2).toMatchObject({ records: 2, warm: { done: 2, in_flight: 0 } });
  });

  test('groups are counted, by our reader and by DuckDB', async () => {
    const count = { from: 'logs', group_by: ['service'], aggregate: { n: ['count'] } };
    expect((await call('query', '/api/query', { method: 'POST', body: count })).json.items).toEqual([{ service: 'shop', n: 2 }]);
    const distinct = { from: 'logs', aggregate: { n: ['distinct', 'id'] } };
    expect((await call('query', '/api/query', { method: 'POST', body: distinct })).json.items).toEqual([{ n: 2 }]);
  });

  test('the canary measures the log, and the ledger adds up', async () => {
    const [found] = await Promise.all([fns.canary.answer<{ state: string; lagMs: number }>(recorded('schedule')), archiveSoon()]);
    expect(found).toMatchObject({ state: 'found', lagMs: expect.any(Number) });
    expect(fns.canary.json).toContainEqual(expect.objectContaining({ logdrive_canary_missed: 0, logdrive_ledger_oldest_open_seconds: 0 }));
    const { json } = await call('query', '/api/ledger', { key: 'acme/admin' });
    const { accepted, warm } = json as unknown as {
      accepted: number;
      warm: { done: number; in_flight: number; dead: number; dropped: object };
    };
    expect([accepted, warm]).toEqual([2, { done: 2, in_flight: 0, dead: 0, dropped: {} }]);
    expect((await call('query', '/ready')).json).toMatchObject({
      status: 'ready',
      dependencies: [{}, { name: 'state', state: 'ok' }, { name: 'queue', state: 'ok' }],
    });
  });

  /** Archives what is there until the canary is among it. */
  async function archiveSoon(): Promise<void> {
    for (let held = 0; held < 3; ) {
      held = [...(await stage.readTopic()).values()].flat().length;
      await archiveAll();
    }
  }

  test('a canary that is not archived is missing, which is measured and no failure', async () => {
    const alone = stage.start('canary', { timeoutMs: 6_000 });
    expect(await alone.answer(recorded('schedule'))).toMatchObject({ state: 'missing', warm: 1 });
    expect(alone.json).toContainEqual(expect.objectContaining({ logdrive_canary_missed: 1 }));
    await archiveAll();
  });

  test('scopes, unknown paths and wrong methods are problems', async () => {
    expect((await call('query', '/api/logs', { key: 'acme/ingest' })).json).toMatchObject({ status: 403, code: 'SCOPE_MISSING' });
    expect((await call('query', '/api/nothing')).json).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    const wrong = await call('query', '/api/ledger', { method: 'DELETE' });
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test('a live tail streams what comes, and says goodbye before its time is up', async () => {
    const tail = stage.start('tail', { timeoutMs: 20_000 });
    const event = apiEvent('/api/logs/tail?service=live', { method: 'GET', headers: { 'x-api-key': keys['acme/query']! } });
    const opened = Promise.withResolvers<Streamed>();
    const ended = tail.invoke(event, opened.resolve);
    const { statusCode, headers, chunks } = await opened.promise;
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/event-stream']);
    let text = '';
    let isSent = false;
    for await (const chunk of chunks) {
      text += chunk;
      // The first slice says where the tail begins: what comes after it is shown.
      if (!isSent && text.includes('id: ')) {
        isSent = true;
        await post([
          { service: 'live', message: 'first' },
          { service: 'other', message: 'not this' },
          { service: 'live', message: 'second' },
        ]);
        await archiveAll();
      }
    }
    const shown = [...text.matchAll(/^data: (\{"id".*)$/gm)].map(([, json]) => (JSON.parse(json!) as { message: string }).message);
    expect(shown.sort()).toEqual(['first', 'second']);
    expect(text).toContain('event: end');
    expect(await ended).toMatchObject({ kind: 'answered' });
  });

  test('a tail without a key is a problem, streamed', async () => {
    const opened = Promise.withResolvers<Streamed>();
    const ended = fns.tail.invoke(apiEvent('/api/logs/tail', { method: 'GET' }), opened.resolve);
    const { statusCode, headers, chunks } = await opened.promise;
    let text = '';
    for await (const chunk of chunks) text += chunk;
    expect([statusCode, headers['content-type'], JSON.parse(text).code]).toEqual([401, 'application/problem+json', 'UNAUTHENTICATED']);
    await ended;
  });

  test("a message of logs.in becomes a record of its key's tenant; one without a key, and one that is no record, become dead letters", async () => {
    const headers = { 'x-api-key': keys['acme/ingest']! };
    const values = ['{"service":"door","message":"a"}', '{"service":"door","message":"b"}', 'no record'];
    await stage.produce(
      [...values.map((value) => ({ partition: 0, value, headers })), { partition: 0, value: '{"service":"door"}' }],
      'logs.in',
    );
    const messages = (await stage.readTopic('logs.in')).get(0) as ReadMessage[];
    expect(await fns['take-in'].answer(kafkaEvent(`${stage.topicPrefix}logs.in`, 0, messages))).toEqual({ accepted: 2, refused: 2 });
    expect(fns['take-in'].json).toContainEqual(expect.objectContaining({ logdrive_door_messages_total: 2, result: 'refused' }));
    await archiveAll();
    const { json } = await call('query', '/api/logs?service=door');
    expect((json.items as unknown as object[]).length).toBe(2);
    const letters = (await call('query', '/api/dlq', { key: 'acme/admin' })).json.items as unknown as object[];
    expect(letters).toEqual([expect.objectContaining({ code: 'NOT_JSON', detail: expect.stringContaining('(message 2 of logs.in/0)') })]);

    // The same delivery again, with another boundary: nothing of it is new.
    expect(await fns['take-in'].answer(kafkaEvent(`${stage.topicPrefix}logs.in`, 0, messages.slice(1)))).toEqual({
      accepted: 0,
      refused: 0,
    });
    await archiveAll();
    expect((await call('query', '/api/logs?service=door')).json.items).toHaveLength(2);
  });

  test('processed records are published to logs.parsed, and once where they are delivered again', async () => {
    await stage.makeTopics('logs.parsed');
    const publishAll = async () => {
      let published = 0;
      for (const [partition, messages] of await stage.readTopic())
        published += (
          await fns['publish-parsed'].answer<{ published: number }>(kafkaEvent(stage.rawTopic, partition, messages as ReadMessage[]))
        ).published;
      return published;
    };
    const published = await publishAll();
    expect(published).toBeGreaterThan(0);
    expect(await publishAll()).toBe(0);
    const found = [...(await stage.readTopic('logs.parsed')).values()].flat().map(({ value }) => JSON.parse(String(value)));
    expect(found).toHaveLength(published);
    expect(found).toContainEqual(expect.objectContaining({ message: 'payment failed', service: 'shop' }));
  });

  test('dead letters are listed and redriven: by the API, by a message, and compared with their queue', async () => {
    await stage.produce([{ partition: 0, value: 'not ours' }]);
    await archiveAll();
    const dry = await call('redrive', '/api/dlq/redrive', { method: 'POST', key: 'acme/admin', body: { cause: 'x', dry_run: true } });
    expect([dry.status, dry.json]).toEqual([200, { matched: 0, redriven: 0, skipped: 0 }]);
    expect(await fns.redrive.answer(recorded('sqs-redrive'))).toEqual({ batchItemFailures: [] });
    const bad = recorded<{ Records: { body: string }[] }>('sqs-redrive');
    bad.Records[0]!.body = '{"tenant": 5}';
    expect(await fns.redrive.answer(bad)).toEqual({ batchItemFailures: [] });
    expect(fns.redrive.json).toContainEqual(expect.objectContaining({ level: 'error', message: 'redrive failed' }));
    expect(await fns.redrive.answer(recorded('schedule'))).toMatchObject({ removed: 0, foreign: 0 });
  });

  test('without the table every call of the API is 503, as a problem', async () => {
    const lost = stage.start('query', { env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' } });
    const { statusCode, headers, body } = await lost.answer<APIGatewayProxyResult>(apiEvent('/api/logs', { method: 'GET' }));
    expect([statusCode, headers?.['content-type'], JSON.parse(body).code]).toEqual([503, 'application/problem+json', 'STORE_UNAVAILABLE']);
  });
});
