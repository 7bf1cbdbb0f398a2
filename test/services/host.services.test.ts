import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../../src/compose/embedded/host.ts';
import { settingsOfConfig } from '../../src/compose/embedded/settings-of-config.ts';
import { startServicesHost } from '../../src/compose/services/host.ts';
import { addressesOf } from '../../src/compose/services/running-services.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { services } from './services.ts';

const { kafka, openSearch, aws } = services();
const json = { 'content-type': 'application/json' };

type Counts = { done: number; in_flight: number; dead: number; dropped: Record<string, number> };
type Closed = { receipt: string; accepted: number; waited?: boolean; hot: Counts; warm: Counts };

describe.skipIf(!kafka || !openSearch || !aws)('the host on Kafka, OpenSearch and emulated AWS', () => {
  let folder: string;
  let host: Host;
  const prefix = `t-${randomBytes(5).toString('hex')}-`;

  const start = () => {
    const set = Object.entries({
      'server.port': '0',
      dataDir: join(folder, 'data'),
      'log.level': 'error',
      'seal.after': '60s',
      'canary.enabled': 'false',
      'services.brokers': JSON.stringify([kafka!.brokers]),
      'services.openSearch': openSearch!.url,
      'services.endpoint': aws!.endpoint,
      'services.prefix': prefix,
      'services.partitions': '2',
      'services.in.enabled': 'true',
      'services.in.tenant': 'default',
      'services.parsed': 'true',
    }).flatMap(([path, value]) => ['--set', `${path}=${value}`]);
    const config = loadConfig({ argv: set, cwd: folder });
    return startServicesHost(settingsOfConfig(config, 'test'), addressesOf(config, ''));
  };
  const get = async <T>(path: string): Promise<T> => (await (await fetch(host.url + path)).json()) as T;
  const send = async (body: unknown, query = ''): Promise<Closed> =>
    (await (await fetch(`${host.url}/logs${query}`, { method: 'POST', headers: json, body: JSON.stringify(body) })).json()) as Closed;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'logdrive-services-host-'));
    host = await start();
  });
  afterAll(async () => {
    await host?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('says where it runs, and is ready', async () => {
    expect(host.stores?.map(([name]) => name)).toEqual(['queue', 'index', 'files']);
    const { status, dependencies } = await get<{ status: string; dependencies: { name: string; state: string }[] }>('/ready');
    expect(status).toBe('ready');
    expect(dependencies.map(({ name }) => name)).toEqual(expect.arrayContaining(['kafka', 'hot', 'warm']));
  });

  test('records are searchable when hot is waited for, and in files when warm is, long before their file is due', async () => {
    const hot = await send([{ message: 'first words', level: 'error' }, { message: 'second words' }], '?wait=hot');
    expect(hot).toMatchObject({ accepted: 2, waited: true, hot: { done: 2, in_flight: 0 } });
    const found = await get<{ items: { message: string }[] }>('/api/logs?search=words');
    expect(found.items.map(({ message }) => message).sort()).toEqual(['first words', 'second words']);
    const warm = await send({ message: 'third words' }, '?wait=warm');
    expect(warm).toMatchObject({ waited: true, warm: { done: 1, in_flight: 0 } });
  });

  test('what cannot be a record is refused, the others are taken', async () => {
    const answer = await fetch(`${host.url}/logs`, { method: 'POST', headers: json, body: '[{"message":"good"},{"timestamp":"never"}]' });
    expect(answer.status).toBe(207);
  });

  test('a repeat with its Idempotency-Key is answered as the first was, also by the next process', async () => {
    const request = { method: 'POST', headers: { ...json, 'idempotency-key': 'once' }, body: '{"message":"only once"}' };
    const first = (await (await fetch(`${host.url}/logs?wait=hot`, request)).json()) as Closed;
    await host.stop();
    host = await start();
    const again = await fetch(`${host.url}/logs`, request);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(((await again.json()) as Closed).receipt).toBe(first.receipt);
    const found = await get<{ items: unknown[] }>(`/api/logs?search=${encodeURIComponent('only once')}`);
    expect(found.items).toHaveLength(1);
  });

  test('the ledger comes to rest with every record closed in both stores, and a flush commits what waits', async () => {
    await send(Array.from({ length: 500 }, (_, n) => ({ message: `record ${n}`, n })));
    await host.platform.store.flush();
    const ledger = await host.platform.store.ledger({});
    for (const sink of ['hot', 'warm'] as const) {
      const { done, in_flight, dead, dropped } = ledger[sink];
      expect({ in_flight, dead, dropped }).toEqual({ in_flight: 0, dead: 0, dropped: {} });
      expect(done).toBe(ledger.accepted);
    }
    expect(ledger.accepted).toBe(2 + 1 + 1 + 1 + 500);
    expect((await get<{ items: { tier: string; rows: number }[] }>('/api/storage')).items).toEqual(
      expect.arrayContaining([expect.objectContaining({ tier: 'level0', rows: ledger.accepted })]),
    );
  });

  test('what is written to logs.in is searchable, what is no record a dead letter, and what was processed is published', async () => {
    const client = new kafkajs.Kafka({ brokers: [kafka!.brokers], logLevel: kafkajs.logLevel.NOTHING });
    const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic: `${prefix}logs.in`, messages: [{ value: '{"message":"through the door"}' }, { value: 'no record' }] });
    await producer.disconnect();
    const found = async () => (await get<{ items: object[] }>(`/api/logs?search=${encodeURIComponent('through the door')}`)).items.length;
    await expect.poll(found, { timeout: 60_000 }).toBe(1);
    const letters = async () => (await get<{ items: { code: string }[] }>('/api/dlq')).items.map(({ code }) => code);
    await expect.poll(letters, { timeout: 60_000 }).toEqual(['NOT_JSON']);

    const consumer = client.consumer({ groupId: `${prefix}test` });
    const seen: string[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic: `${prefix}logs.parsed`, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void seen.push(JSON.parse(String(message.value)).message) });
    await expect.poll(() => seen, { timeout: 60_000 }).toContain('through the door');
    await consumer.disconnect();
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('a service that is not there is named, with the way to start it', async () => {
    const argv = [
      '--set',
      'services.brokers=["127.0.0.1:9"]',
      '--set',
      `services.endpoint=${aws!.endpoint}`,
      '--set',
      `services.prefix=${prefix}`,
    ];
    const config = loadConfig({ argv, cwd: folder });
    const started = startServicesHost(settingsOfConfig(config, 'test'), addressesOf(config, ''));
    await expect(started).rejects.toThrow(/Kafka at 127\.0\.0\.1:9 does not serve us.*npm run services:up/s);
  });
});
