import { CreateWorkGroupCommand } from '@aws-sdk/client-athena';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kafkaEvent, type ReadMessage } from '../../scripts/services/kafka-event.ts';
import { athenaClient } from '../../src/adapters/warm-query/athena/client.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createKeys } from '../../src/pipeline/keys.ts';
import { aws, endpointOf } from '../contract/aws-bench.ts';
import { FaultyProxy } from '../contract/faulty-proxy.ts';
import { randomName } from '../contract/random-name.ts';
import { services } from '../services/services.ts';
import { apiEvent } from './api-gateway.ts';
import { openStage, type Stage } from './stage.ts';

// The emulator's Athena runs DuckDB over tables of its own: what is tested is who is asked, and with what. That Trino takes our SQL is test/trino's.
describe.skipIf(!aws || !services().kafka)('the query function of a stage with large scans', () => {
  let stage: Stage;
  let proxy: FaultyProxy;
  const workGroup = randomName('logdrive');
  let key = '';
  const megabyte = 2 ** 20;
  beforeAll(async () => {
    proxy = await FaultyProxy.start(aws!.endpoint);
    stage = await openStage(['ingest', 'archive', 'query']);
    const athena = athenaClient(endpointOf());
    await athena.send(
      new CreateWorkGroupCommand({
        Name: workGroup,
        Configuration: { ResultConfiguration: { OutputLocation: `s3://${stage.env.LOGDRIVE_BUCKET}/athena-results/` } },
      }),
    );
    athena.destroy();
    await stage.makeTopics();
    key = (await createKeys({ state: stage.state, clock: systemClock }).create({ tenant: 'acme', name: 'a', scopes: ['ingest', 'query'] }))
      .secret;
    const random = () => Array.from({ length: 40 }, () => Math.random().toString(36).slice(2)).join(' ');
    const ingest = stage.start('ingest');
    // More than 1 MiB of files, whatever compresses.
    for (let part = 0; part < 4; part++) {
      const records = Array.from({ length: 1_000 }, (_, i) => ({ service: i % 2 ? 'shop' : 'pay', message: random(), n: i }));
      const { statusCode } = await ingest.answer<APIGatewayProxyResult>(call('/logs', records));
      expect(statusCode).toBe(202);
    }
    const archive = stage.start('archive');
    for (const [partition, messages] of await stage.readTopic())
      await archive.answer(kafkaEvent(stage.rawTopic, partition, messages as ReadMessage[]));
  });
  afterAll(async () => {
    await stage?.close();
    await proxy?.close();
  });

  const call = (path: string, body: unknown) =>
    apiEvent(path, { method: 'POST', headers: { 'x-api-key': key, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const start = (aboveMiB: number) =>
    stage.start('query', {
      env: {
        AWS_ENDPOINT_URL: proxy.endpoint,
        LOGDRIVE_ATHENA_WORK_GROUP: workGroup,
        LOGDRIVE_ATHENA_DATABASE: 'logdrive_test',
        LOGDRIVE_ATHENA_ABOVE_MIB: String(aboveMiB),
      },
    });
  const byService = { from: 'logs', group_by: ['service'], aggregate: { n: ['count'] }, order_by: [['service', 'asc']] };
  const counted = [
    { service: 'pay', n: 2_000 },
    { service: 'shop', n: 2_000 },
  ];
  const started = () => proxy.seen.filter(({ operation }) => operation === 'StartQueryExecution').map(({ body }) => JSON.parse(body));
  const json = (body: object) => ({ status: 200, body: JSON.stringify(body), headers: { 'content-type': 'application/x-amz-json-1.1' } });
  const itemsOf = ({ body }: APIGatewayProxyResult) => JSON.parse(body).items;

  test('asks Athena in the work group of the stage where files are above the size, and answers what it answers', async () => {
    const query = start(1);
    proxy.reset();
    proxy.rule = ({ operation }) => {
      if (operation === 'StartQueryExecution') return json({ QueryExecutionId: 'q' });
      if (operation === 'GetQueryExecution')
        return json({
          QueryExecution: { QueryExecutionId: 'q', Status: { State: 'SUCCEEDED' }, Statistics: { DataScannedInBytes: megabyte } },
        });
      if (operation !== 'GetQueryResults') return undefined;
      const rows = [['service', 'n'], ...counted.map(({ service, n }) => [`s${service}`, String(n + 1)])];
      const ColumnInfo = ['varchar', 'bigint'].map((Type, i) => ({ Name: `c${i}`, Type }));
      return json({
        ResultSet: {
          Rows: rows.map((row) => ({ Data: row.map((VarCharValue) => ({ VarCharValue })) })),
          ResultSetMetadata: { ColumnInfo },
        },
      });
    };
    const answered = await query.answer<APIGatewayProxyResult>(call('/api/query', byService));
    // One more of each than there are: nobody else can have said that.
    expect(itemsOf(answered)).toEqual(counted.map(({ service, n }) => ({ service, n: n + 1 })));
    const [asked] = started();
    expect(asked).toMatchObject({ WorkGroup: workGroup, QueryExecutionContext: { Database: 'logdrive_test' } });
    expect(asked).not.toHaveProperty('ResultConfiguration');
    expect(asked.QueryString).toContain('level0');
    // The stack has made both tables: no DDL is run for them.
    expect(started().filter(({ QueryString }) => /CREATE EXTERNAL/.test(QueryString))).toEqual([]);
  });

  test('answers by itself what Athena does not take, and says so where Athena is away', async () => {
    const query = start(1);
    proxy.reset();
    const Status = { State: 'FAILED', StateChangeReason: 'COLUMN_NOT_FOUND', AthenaError: { ErrorCategory: 2 } };
    proxy.rule = ({ operation }) =>
      operation === 'GetQueryExecution' ? json({ QueryExecution: { QueryExecutionId: 'q', Status } }) : undefined;
    const answered = await query.answer<APIGatewayProxyResult>(call('/api/query', byService));
    expect(answered).toMatchObject({ statusCode: 200 });
    expect(itemsOf(answered)).toEqual(counted);
    expect(started().length).toBeGreaterThan(0);
    proxy.rule = ({ operation }) => (operation === 'StartQueryExecution' ? 'refuse' : undefined);
    const failed = await query.answer<APIGatewayProxyResult>(call('/api/query', byService));
    expect([failed.statusCode, JSON.parse(failed.body).code]).toEqual([503, 'STORE_UNAVAILABLE']);
    proxy.reset();
  });

  test('does not ask it for less', async () => {
    const query = start(64);
    proxy.reset();
    expect(itemsOf(await query.answer<APIGatewayProxyResult>(call('/api/query', byService)))).toEqual(counted);
    expect(started()).toEqual([]);
  });
});
