import { join } from 'node:path';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kafkaEvent, type ReadMessage } from '../../scripts/services/kafka-event.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createKeys } from '../../src/pipeline/keys.ts';
import { services } from '../services/services.ts';
import { apiEvent } from './api-gateway.ts';
import { openStage, type Stage } from './stage.ts';

const { aws, kafka } = services();

describe.skipIf(!aws || !kafka)('a record that kills the process', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(['archive', 'query']);
    await stage.makeTopics();
  });
  afterAll(() => stage?.close());

  test('is found by counting, and is dead after its attempts with its bytes; its neighbours are stored once', async () => {
    // An attempt counts where its batch is no longer young.
    const header = { v: 1, tenant: 'acme', observed_us: (Date.now() - 120_000) * 1_000, request_id: 'r', rules: 0, chunk: [0, 0] };
    const values = ['before', 'poison', 'after', 'last'].map((message) => JSON.stringify({ message, service: 'shop' }));
    await stage.produce(values.map((value) => ({ partition: 0, value, headers: { ld: JSON.stringify(header) } })));
    const event = kafkaEvent(stage.rawTopic, 0, (await stage.readTopic()).get(0) as ReadMessage[]);

    const archive = stage.start('archive', { env: { NODE_OPTIONS: `--import=${join(import.meta.dirname, 'plant-crash.mjs')}` } });
    const ends: string[] = [];
    for (let attempt = 0; attempt < 15 && !ends.includes('answered'); attempt++) ends.push((await archive.invoke(event)).kind);
    expect(ends).toEqual([...Array(8).fill('crashed'), 'answered']);
    expect(archive.starts).toBe(9);
    // The same event once more changes nothing.
    expect(await archive.answer(event)).toMatchObject({ closed: 0 });

    const { secret } = await createKeys({ state: stage.state, clock: systemClock }).create({
      tenant: 'acme',
      name: 'a',
      scopes: ['query', 'admin'],
    });
    const query = stage.start('query');
    const get = async (path: string) =>
      JSON.parse((await query.answer<APIGatewayProxyResult>(apiEvent(path, { method: 'GET', headers: { 'x-api-key': secret } }))).body);
    const { items } = await get('/api/dlq');
    expect(items).toEqual([expect.objectContaining({ code: 'CRASH', detail: 'the process ended 8 times while it worked on this record' })]);
    expect((await get(`/api/dlq/${items[0].id}`)).body).toBe(values[1]);
    expect((await get('/api/logs?service=shop')).items.map(({ message }: { message: string }) => message).sort()).toEqual([
      'after',
      'before',
      'last',
    ]);
    expect(await get('/api/ledger')).toMatchObject({ warm: { done: 3, dead: 1 } });
  }, 180_000);
});
