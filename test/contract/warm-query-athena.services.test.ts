import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AthenaEngine } from '../../src/adapters/warm-query/athena/athena-engine.ts';
import { athenaClient } from '../../src/adapters/warm-query/athena/client.ts';
import { aws, endpointOf, makeBucket } from './aws-bench.ts';
import { FaultyProxy, type Seen } from './faulty-proxy.ts';

// The emulator runs DuckDB: good for the calls and their order. That Trino takes our SQL is test/trino's.
describe.skipIf(!aws)('Athena, by its calls', () => {
  let proxy: FaultyProxy;
  let engine: AthenaEngine;
  let output = '';
  const open = () =>
    new AthenaEngine({ client: athenaClient({ ...endpointOf(proxy.endpoint), attempts: 2 }), database: 'default', output });
  beforeAll(async () => {
    proxy = await FaultyProxy.start(aws!.endpoint);
    output = `s3://${await makeBucket()}/results/`;
    engine = open();
  });
  afterAll(async () => {
    await engine.close();
    await proxy.close();
  });
  const json = (body: object) => ({ status: 200, body: JSON.stringify(body), headers: { 'content-type': 'application/x-amz-json-1.1' } });
  const stateIs = (State: string, more: object = {}) => json({ QueryExecution: { QueryExecutionId: 'q', Status: { State, ...more } } });
  const operations = () => proxy.seen.map(({ operation }) => operation);

  test('a result comes whole, over pages, without its header', async () => {
    proxy.reset();
    const { rows, scannedBytes } = await engine.run(`SELECT range AS n, 'x' AS t, range = 3 AS is_three FROM range(2500)`, 20_000);
    expect(rows).toHaveLength(2_500);
    expect(rows.map(([n]) => Number(n)).sort((a, b) => a - b)).toEqual(Array.from({ length: 2_500 }, (_, i) => i));
    expect(rows.filter(([, , isThree]) => isThree === true).map(([n]) => Number(n))).toEqual([3]);
    expect(operations().filter((operation) => operation === 'GetQueryResults').length).toBeGreaterThan(1);
    expect(scannedBytes).toBeGreaterThanOrEqual(0);
  });

  test('a query that takes too long is stopped, and the error says so', async () => {
    proxy.reset();
    proxy.rule = ({ operation }) => (operation === 'GetQueryExecution' ? stateIs('RUNNING') : undefined);
    await expect(engine.run('SELECT 1', 300)).rejects.toMatchObject({ code: 'QUERY_TIMEOUT' });
    expect(operations().at(-1)).toBe('StopQueryExecution');
  });

  test('what is wrong with a query is told from what is wrong with Athena', async () => {
    proxy.reset();
    await expect(engine.run('SELEC 1', 5_000)).rejects.toMatchObject({ code: 'INVALID_QUERY' });
    const failing = (AthenaError: object) => (seen: Seen) =>
      seen.operation === 'GetQueryExecution' ? stateIs('FAILED', { StateChangeReason: 'why', AthenaError }) : undefined;
    proxy.rule = failing({ ErrorCategory: 2 });
    await expect(engine.run('SELECT 1', 5_000)).rejects.toMatchObject({ code: 'INVALID_QUERY' });
    proxy.rule = failing({ ErrorCategory: 1, Retryable: true });
    await expect(engine.run('SELECT 1', 5_000)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const refusing = (AthenaErrorCode: string) => {
      const answer = { __type: 'InvalidRequestException', AthenaErrorCode, Message: 'line 1:1: mismatched input' };
      proxy.rule = ({ operation }) => (operation === 'StartQueryExecution' ? { ...json(answer), status: 400 } : undefined);
    };
    refusing('MALFORMED_QUERY');
    await expect(engine.run('SELEC 1', 5_000)).rejects.toMatchObject({ code: 'INVALID_QUERY' });
    refusing('WORKGROUP_NOT_FOUND');
    await expect(engine.run('SELECT 1', 5_000)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    proxy.rule = () => 'refuse';
    await expect(engine.run('SELECT 1', 5_000)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('closing stops what runs', async () => {
    const closing = open();
    proxy.reset();
    let asked: () => void = () => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    let isStopped = false;
    proxy.rule = ({ operation }) => {
      if (operation === 'StopQueryExecution') isStopped = true;
      if (operation !== 'GetQueryExecution') return undefined;
      asked();
      return stateIs(isStopped ? 'CANCELLED' : 'RUNNING');
    };
    const running = expect(closing.run('SELECT 1', 20_000)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await isAsked;
    await closing.close();
    await running;
    expect(operations()).toContain('StopQueryExecution');
    await expect(closing.run('SELECT 1', 1_000)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    proxy.reset();
  });
});
