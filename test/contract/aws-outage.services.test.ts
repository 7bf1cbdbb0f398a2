import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signalService, startService, stopService } from '../../scripts/services/run.ts';
import { sqsClient } from '../../src/adapters/dead-letters/sqs/client.ts';
import { SqsDeadLetters } from '../../src/adapters/dead-letters/sqs/sqs-dead-letters.ts';
import { dynamoDbClient } from '../../src/adapters/state/dynamodb/client.ts';
import { DynamoDbStateStore } from '../../src/adapters/state/dynamodb/dynamodb-state-store.ts';
import { s3Client } from '../../src/adapters/warm/s3/client.ts';
import { S3WarmStore } from '../../src/adapters/warm/s3/s3-warm-store.ts';
import { aws, createTable } from './aws-bench.ts';

// An emulator of its own, since it is killed. It keeps nothing over that: what is tested is that errors are ours and that the same objects go on.
describe.skipIf(!aws)('an AWS that is killed and comes back', () => {
  let root = '';
  let port = 0;
  const start = async () => {
    const state = await startService(root, 'aws', { ports: [port] });
    port = state.ports[0]!;
    return { endpoint: state.endpoint, region: 'us-east-1' };
  };
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'logdrive-outage-'));
  });
  afterAll(async () => {
    await stopService(root, 'aws', { graceMs: 0 });
    await rm(root, { recursive: true, force: true });
  });

  test('every store says that it is not available, soon, and works on when it is', async () => {
    const place = await start();
    const at = { ...place, attempts: 2, attemptTimeoutMs: 2_000 };
    const names = { table: 'state', bucket: 'warm', queueUrl: '' };
    const clients = { dynamoDb: dynamoDbClient(at), s3: s3Client(at), sqs: sqsClient(at) };
    const patient = { dynamoDb: dynamoDbClient(place), s3: s3Client(place), sqs: sqsClient(place) };
    const furnish = async () => {
      await createTable(patient.dynamoDb, names.table);
      await patient.s3.send(new CreateBucketCommand({ Bucket: names.bucket }));
      names.queueUrl = (await patient.sqs.send(new CreateQueueCommand({ QueueName: 'dead' }))).QueueUrl!;
    };
    await furnish();
    const state = new DynamoDbStateStore({ client: clients.dynamoDb, table: names.table });
    const warm = new S3WarmStore({ client: clients.s3, bucket: names.bucket });
    const dead = new SqsDeadLetters({ dynamoDb: clients.dynamoDb, sqs: clients.sqs, objects: warm, ...names });
    const letter = {
      ...{ id: 'dl-0000000000001', tenant: 'acme', position: { generation: 0, partition: 0, offset: 1 }, sink: 'hot' as const, body: '{}' },
      ...{
        observedUs: 1,
        code: 'C',
        detail: '',
        cause: 'C',
        attempts: 1,
        firstAtMs: 1,
        lastAtMs: 1,
        codeVersion: '1',
        state: 'dead' as const,
      },
    };
    const tries: [name: string, work: () => Promise<unknown>][] = [
      ['compareAndSet', () => state.compareAndSet('a', 0, 1)],
      ['get', () => state.get('a')],
      ['list', () => state.list('a/')],
      ['putIfAbsent', () => warm.putIfAbsent('a.parquet', [Buffer.from('1')])],
      ['open', () => warm.open('a.parquet')],
      ['put', () => dead.put([letter])],
      ['count', () => dead.count()],
    ];
    expect(signalService(root, 'aws', 'SIGKILL')).toBe(true);
    for (const [name, work] of tries) {
      const startedMs = performance.now();
      await expect(work(), name).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
      expect(performance.now() - startedMs, name).toBeLessThan(10_000);
    }
    await start();
    await furnish();
    for (const [name, work] of tries) expect(await work().then(() => 'works'), name).toBe('works');
    expect(await dead.list({})).toEqual([letter]);
    await Promise.all([state.close(), dead.close()]);
    for (const client of [clients.s3, ...Object.values(patient)]) client.destroy();
  });
});
