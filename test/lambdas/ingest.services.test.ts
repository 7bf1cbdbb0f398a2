import { gzipSync } from 'node:zlib';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { kafkaEvent, type ReadMessage } from '../../scripts/services/kafka-event.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createKeys } from '../../src/pipeline/keys.ts';
import { services } from '../services/services.ts';
import { type ApiCall, apiEvent } from './api-gateway.ts';
import type { RunningFunction } from './run-function.ts';
import { openStage, type Stage } from './stage.ts';

const { aws, kafka } = services();

type Accepted = {
  receipt: string;
  accepted: number;
  waited?: boolean;
  hot?: object;
  warm?: { done: number; in_flight: number; dead: number };
  dead?: object[];
};

describe.skipIf(!aws || !kafka)('ingest and archive', () => {
  let stage: Stage;
  let ingest: RunningFunction;
  let archive: RunningFunction;
  let key: string;
  beforeAll(async () => {
    stage = await openStage(['ingest', 'archive']);
    await stage.makeTopics();
    ingest = stage.start('ingest');
    archive = stage.start('archive');
    ({ secret: key } = await createKeys({ state: stage.state, clock: systemClock }).create({
      tenant: 'acme',
      name: 'test',
      scopes: ['ingest'],
    }));
  });
  afterAll(() => stage?.close());

  const post = async (
    body: unknown,
    { path = '/logs', headers = {}, from = ingest }: { path?: string; headers?: Record<string, string>; from?: RunningFunction } = {},
  ) => {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const call: ApiCall = {
      headers: { 'content-type': 'application/json', 'x-api-key': key, ...headers },
      body: isRaw ? body : JSON.stringify(body),
    };
    const { statusCode, headers: answered, body: text } = await from.answer<APIGatewayProxyResult>(apiEvent(path, call));
    return { status: statusCode, headers: answered!, json: JSON.parse(text) as Accepted & { code?: string; detail?: string } };
  };
  const records = (n: number, more: object = {}) =>
    Array.from({ length: n }, (_, i) => ({ level: 'error', service: 'shop', message: `m${i}`, ...more }));

  /** Every message of the stage's topic, as an event source brings it. */
  async function events() {
    const byPartition = await stage.readTopic();
    return [...byPartition].map(([partition, messages]) =>
      kafkaEvent(`${stage.topicPrefix}logs.raw`, partition, messages as ReadMessage[]),
    );
  }
  const archiveAll = async (by = archive) =>
    Promise.all((await events()).map((event) => by.answer<{ closed: number; stored: number; dead: number }>(event)));

  test('no key is 401, as a problem', async () => {
    const { status, headers, json } = await post(records(1), { headers: { 'x-api-key': '' } });
    expect([status, headers['content-type'], json.code]).toEqual([401, 'application/problem+json', 'UNAUTHENTICATED']);
    expect(headers['www-authenticate']).toContain('Bearer');
  });

  test('records are in Kafka when they are answered, also from a compressed body in base64', async () => {
    const { status, json } = await post(gzipSync(JSON.stringify(records(500))), { headers: { 'content-encoding': 'gzip' } });
    expect([status, json.accepted]).toEqual([202, 500]);
    const held = [...(await stage.readTopic()).values()].flat();
    expect(held).toHaveLength(500);
    expect(ingest.json).toContainEqual(expect.objectContaining({ stage: 'test', function: 'ingest', logdrive_logs_ingested_total: 500 }));
  });

  test('a body beyond 4 MiB is 413', async () => {
    const { status, json } = await post(Buffer.alloc(4 * 1024 * 1024 + 1, ' '));
    expect([status, json.code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  test('the same Idempotency-Key from two environments is one request', async () => {
    const before = [...(await stage.readTopic()).values()].flat().length;
    const other = stage.start('ingest');
    const headers = { 'idempotency-key': 'once-1' };
    const first = await post(records(3), { headers });
    const again = await post(records(3), { headers, from: other });
    expect([again.status, again.json.receipt, again.headers['idempotency-replayed']]).toEqual([202, first.json.receipt, 'true']);
    expect((await post(records(4), { headers, from: other })).json.code).toBe('IDEMPOTENCY_MISMATCH');
    expect([...(await stage.readTopic()).values()].flat()).toHaveLength(before + 3);
  });

  test('an event is archived once, however often and by however many it is brought', async () => {
    const other = stage.start('archive');
    const rounds = await Promise.all([archiveAll(), archiveAll(other)]);
    const closed = rounds.flat().reduce((sum, each) => sum + each.closed, 0);
    expect(closed).toBe(503);
    expect((await archiveAll()).map(({ closed: n }) => n)).toEqual(rounds[0]!.map(() => 0));
  });

  test('a wait is answered 200 once the head has the records', async () => {
    const waiting = post(records(7), { path: '/logs?wait=warm&timeout=20s' });
    await vi.waitFor(async () => expect([...(await stage.readTopic()).values()].flat()).toHaveLength(510), {
      timeout: 20_000,
      interval: 50,
    });
    await archiveAll();
    const { status, json } = await waiting;
    expect([status, json.waited, json.warm]).toEqual([200, true, { done: 7, in_flight: 0, dead: 0, dropped: 0 }]);
  });

  test('a wait that runs out is answered 202 with where the records are', async () => {
    const { status, json } = await post(records(2), { path: '/logs?wait=warm&timeout=300ms' });
    expect([status, json.waited, json.warm?.in_flight]).toEqual([202, false, 2]);
    await archiveAll();
  });

  test('a message of somebody else ends as a dead letter that says why, and the rest goes on', async () => {
    await stage.produce([{ partition: 0, value: 'not ours' }]);
    const [before] = [archive.json.length];
    const closed = await archiveAll();
    expect(closed.reduce((sum, { dead }) => sum + dead, 0)).toBe(1);
    expect(archive.json.slice(before)).toContainEqual(expect.objectContaining({ logdrive_records_closed_total: 1, outcome: 'dead' }));
    expect((await archiveAll()).reduce((sum, each) => sum + each.closed, 0)).toBe(0);
  });

  test('without the table a function fails and says so; the event passes when it comes again', async () => {
    await post(records(5));
    const lost = stage.start('archive', { env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, timeoutMs: 20_000 });
    const [event] = (await events()).slice(-1);
    expect(await lost.invoke(event)).toMatchObject({ kind: 'failed' });
    const closed = await archiveAll();
    expect(closed.reduce((sum, each) => sum + each.closed, 0)).toBe(5);
  });

  test('without Kafka ingest answers 503 with Retry-After', async () => {
    const lost = stage.start('ingest', { env: { LOGDRIVE_BROKERS: '127.0.0.1:9' } });
    const { status, headers, json } = await post(records(1), { from: lost });
    expect([status, json.code, Number(headers['retry-after']) > 0]).toEqual([503, 'QUEUE_UNAVAILABLE', true]);
  });

  test('a function that is killed at work, or whose time is up, leaves nothing half: the event comes again', async () => {
    await post(records(400, { id: undefined }));
    const all = await events();
    const hasty = stage.start('archive', { timeoutMs: 60_000 });
    const [event] = all;
    const working = hasty.invoke(event);
    await vi.waitFor(() => expect(hasty.starts).toBe(1));
    await hasty.kill();
    expect(await working).toMatchObject({ kind: 'crashed' });
    const late = stage.start('archive', { timeoutMs: 1 });
    expect(await late.invoke(event)).toEqual({ kind: 'timed out' });
    await archiveAll();
    expect((await archiveAll()).reduce((sum, each) => sum + each.closed, 0)).toBe(0);
  });

  test('records of one event in two partitions are both closed', async () => {
    for (let i = 0; i < 8; i++) await post(records(2));
    const both = await events();
    const event = { ...both[0]!, records: Object.assign({}, ...both.map(({ records: each }) => each)) };
    expect(Object.keys(event.records)).toHaveLength(2);
    expect(await archive.answer(event)).toMatchObject({ closed: 16, stored: 16 });
  });

  test('an event of another topic is refused', async () => {
    const foreign = kafkaEvent('other.logs.raw', 0, [{ offset: '0', timestamp: '5', value: Buffer.from('{}') }]);
    expect(await archive.invoke(foreign)).toMatchObject({
      kind: 'failed',
      error: { errorMessage: expect.stringContaining('other.logs.raw') },
    });
  });
});
