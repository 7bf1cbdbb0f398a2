import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { emulatorEnvironment } from '../../scripts/deploy/local-parts.ts';
import { type DeployedStage, readStage } from '../../src/cli/stage/read-stage.ts';
import { openState } from '../../src/compose/aws/open-state.ts';
import { openStageKeys } from '../../src/compose/aws/stage-keys.ts';
import { services } from '../services/services.ts';

const { kafka, openSearch, aws } = services();
const root = join(import.meta.dirname, '../..');
const stage = `t${randomBytes(4).toString('hex')}`;
const deployMs = 600_000;
/** The sinks' windows are 1 and 20 s; a machine that does much else takes its time. */
const soon = { timeout: 90_000, interval: 500 };

type Listed = { items: Record<string, unknown>[] };

describe.skipIf(!kafka || !openSearch || !aws)('npm run deploy:local', () => {
  const folder = mkdtempSync(join(tmpdir(), 'logdrive-deploy-'));
  let at: { url: string; key: string };
  let deployed: DeployedStage;

  const run = (script: string, args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const env = {
        ...process.env,
        LOGDRIVE_TEST_KAFKA: kafka!.brokers,
        LOGDRIVE_TEST_OPENSEARCH: openSearch!.url,
        LOGDRIVE_TEST_AWS: aws!.endpoint,
      };
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'scripts/deploy', script), ...args], {
        env,
      });
      let [out, errors] = ['', ''];
      child.stdout.on('data', (chunk) => (out += chunk));
      child.stderr.on('data', (chunk) => (errors += chunk));
      child.once('error', reject);
      child.once('exit', (code) =>
        code === 0 ? resolve(out) : reject(new Error(`${script} ended with ${code}:\n${errors.slice(-4_000)}`)),
      );
    });
  const deploy = async (settings: unknown): Promise<void> => {
    const out = await run('local.ts', ['--stage', stage, '--root', folder, '--settings', JSON.stringify(settings)]);
    at = JSON.parse(out.trimEnd().split('\n').at(-1)!) as typeof at;
  };
  const call = (method: string, path: string, body?: unknown, key: string | undefined = at.key) =>
    fetch(`${at.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(key ? { 'x-api-key': key } : {}) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const get = async <T>(path: string): Promise<T> => {
    const response = await call('GET', path);
    expect(response.status, path).toBe(200);
    return (await response.json()) as T;
  };

  const needsOrder = { use: 'require', fields: ['order'], when: { field: 'service', equals: 'checkout' } };
  beforeAll(async () => {
    Object.assign(process.env, emulatorEnvironment(aws!.endpoint));
    await deploy({ process: { steps: [needsOrder] }, tenants: { narrow: { rateLimit: { key: { recordsPerS: 1, burst: 5 } } } } });
    deployed = await readStage(stage, process.env);
  }, deployMs);
  afterAll(async () => {
    await run('destroy.ts', ['--stage', stage, '--root', folder, '--yes']);
    rmSync(folder, { recursive: true, force: true });
  }, deployMs);

  test('without a key it is 401, as a problem', async () => {
    const response = await call('POST', '/logs', { message: 'a' }, '');
    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('with a key it is 202; the record is found by the query function, in OpenSearch and in Parquet on S3', async () => {
    const message = `deployed ${stage}`;
    const response = await call('POST', '/logs', { message, service: 'shop' });
    expect(response.status).toBe(202);
    const { receipt } = (await response.json()) as { receipt: string };

    await vi.waitFor(async () => expect((await get<Listed>(`/api/logs?search=${stage}`)).items).toMatchObject([{ message }]), soon);
    const search = await fetch(`${openSearch!.url}/${stage}.logs.*/_search?q=message:${stage}`);
    const { hits } = (await search.json()) as { hits: { hits: { _source: unknown }[] } };
    expect(hits.hits.map(({ _source }) => _source)).toMatchObject([{ message, service: 'shop', tenant: 'default' }]);

    const all = { done: 1, in_flight: 0, dead: 0, dropped: 0 };
    await vi.waitFor(async () => expect(await get(`/api/receipts/${receipt}`)).toMatchObject({ hot: all, warm: all }), soon);
    const bucket = deployed.stacks.map(({ outputs }) => outputs.FilesBucket).find(Boolean)!;
    const { Contents = [] } = await new S3Client({ forcePathStyle: true }).send(new ListObjectsV2Command({ Bucket: bucket }));
    expect(Contents.filter(({ Key = '' }) => /\.parquet$/.test(Key)).length).toBeGreaterThan(0);
  }, 200_000);

  test('past the limit of a key it is 429, and says when to come again', async () => {
    // By the table, as `logdrive keys create --stage` does: a key of one tenant makes none of another.
    const { keys, close } = await openStageKeys(deployed.table);
    const { secret } = await keys.create({ tenant: 'narrow', name: 'narrow', scopes: ['ingest'] });
    await close();
    const five = Array.from({ length: 5 }, (_each, i) => ({ message: `${i}` }));
    const answers: Response[] = [];
    for (let i = 0; i < 4; i++) answers.push(await call('POST', '/logs', five, secret));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.map(({ status }) => status)).toContain(202);
    expect(refused.length).toBeGreaterThan(0);
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused[0]!.json()).toMatchObject({ code: 'RATE_LIMITED' });
  });

  test('a record that cannot pass lies in SQS with its bytes and cause; with other rules a redrive brings it home, once', async () => {
    const poison = { message: `poison ${stage}`, service: 'checkout' };
    expect((await call('POST', '/logs', poison)).status).toBe(202);
    type Letters = Listed & { groups: { cause: string; count: number }[] };
    const letters = await vi.waitFor(async () => {
      const found = await get<Letters>('/api/dlq');
      expect(found).toMatchObject({ items: [{ code: 'REQUIRED_FIELD_MISSING', state: 'dead' }], groups: [{ count: 1 }] });
      return found;
    }, soon);

    const queue = deployed.stacks.map(({ outputs }) => outputs.DeadLetterQueue).find(Boolean)!;
    const { Messages = [] } = await new SQSClient({}).send(
      new ReceiveMessageCommand({ QueueUrl: queue, MessageAttributeNames: ['All'], VisibilityTimeout: 0, MaxNumberOfMessages: 10 }),
    );
    const ours = Messages.find(({ Body = '' }) => Body.includes(stage));
    expect(JSON.parse(ours!.Body!)).toMatchObject(poison);
    expect(ours!.MessageAttributes).toMatchObject({ code: { StringValue: 'REQUIRED_FIELD_MISSING' } });

    await deploy({});
    const redrive = { ids: [letters.items[0]!.id] };
    // Both sinks must have set it aside before it can come home to both.
    await vi.waitFor(async () => {
      expect((await call('POST', '/api/dlq/redrive', redrive)).status).toBe(200);
      expect((await get<Letters>('/api/dlq')).items.filter(({ state }) => state === 'dead')).toEqual([]);
    }, soon);
    await call('POST', '/api/dlq/redrive', redrive);
    await vi.waitFor(async () => expect((await get<Listed>(`/api/logs?search=poison`)).items).toHaveLength(1), soon);
    const { hot, warm } = await get<{ hot: { dead: number }; warm: { dead: number } }>('/api/ledger');
    expect([hot.dead, warm.dead]).toEqual([0, 0]);
  }, 400_000);

  test('an alarm is told to a webhook', async () => {
    const told: { subject: string; text: string }[] = [];
    const receiver: Server = createServer((request, response) => {
      let body = '';
      request
        .on('data', (chunk) => (body += chunk))
        .on('end', () => {
          told.push(JSON.parse(body) as (typeof told)[number]);
          response.end('{}');
        });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const state = openState({ LOGDRIVE_TABLE: deployed.table });
    try {
      const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
      await state.compareAndSet('notify/channels', 0, [{ kind: 'webhook', url }]);
      const metric = {
        MetricName: 'logdrive_ledger_oldest_open_seconds',
        Dimensions: [
          { Name: 'stage', Value: stage },
          { Name: 'function', Value: 'canary' },
        ],
        Value: 5_000,
      };
      // The alarm wants three minutes in a row.
      const lastMinutes = () => [0, 1, 2, 3].map((minutes) => ({ ...metric, Timestamp: new Date(Date.now() - minutes * 60_000) }));
      const cloudWatch = new CloudWatchClient({});
      await vi.waitFor(async () => {
        await cloudWatch.send(new PutMetricDataCommand({ Namespace: 'Logdrive', MetricData: lastMinutes() }));
        expect(told.map(({ subject }) => subject)).toContain(`logdrive-${stage}-ledger-residue is ALARM`);
      }, soon);
      expect(told.find(({ subject }) => subject.includes('ledger-residue'))!.text).toContain('docs/runbooks.md#ledger-residue');
    } finally {
      await state.close();
      receiver.close();
    }
  }, 120_000);
});
