import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, describe, expect, test } from 'vitest';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.ts';
import { Wait } from '../../gen/logdrive/v1/ingest_pb.ts';
import { type QueryLogsRequestSchema, QueryService, type TailLogsResponse } from '../../gen/logdrive/v1/query_pb.ts';
import { LogRecordSchema } from '../../gen/logdrive/v1/record_pb.ts';
import { type ErrorCode, errorTable } from '../../src/core/errors.ts';
import type { HttpOptions } from '../../src/http/options.ts';
import { rpcCodeOf } from '../../src/http/rpc/code-of.ts';
import { serveArray } from '../scenarios/serve-array.ts';
import { clientsOf, transports } from './clients.ts';

const hosts: Awaited<ReturnType<typeof serveArray>>[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
});
async function serve(change: Partial<HttpOptions> = {}) {
  const host = await serveArray(change);
  hosts.push(host);
  return host;
}

const failureOf = async (call: Promise<unknown>): Promise<ConnectError> =>
  call.then(
    () => expect.unreachable('the call passed'),
    (thrown: unknown) => ConnectError.from(thrown),
  );

describe.each(Object.entries(transports))('%s', (_name, transport) => {
  test('records go in and come back as they were', async () => {
    const { address } = await serve();
    const { ingest, query } = clientsOf(transport(address));
    const timestamp = { seconds: 1_790_000_000n, nanos: 123_456_789 };
    const attributes = { latency_ms: 12.5, user: { name: 'ada' }, ok: true };
    const record = create(LogRecordSchema, {
      timestamp,
      level: 'ERR',
      service: 'auth',
      message: 'timed out',
      traceId: 'ab'.repeat(16),
      attributes,
    });
    const taken = await ingest.ingestLogs({ records: [record, { message: 'calm' }], env: 'prod', wait: Wait.HOT });
    expect(taken).toMatchObject({ accepted: 2n, rejected: 0n, items: [], waited: true, hot: { done: 2n, inFlight: 0n } });
    expect(taken.receipt).toMatch(/^r1\./);

    const { records, nextCursor, partial } = await query.queryLogs({ query: { case: 'text', value: 'service:auth level:error' } });
    expect({ records: records.length, nextCursor, partial }).toEqual({ records: 1, nextCursor: '', partial: false });
    expect(records[0]).toMatchObject({ level: 'error', severity: 17, service: 'auth', env: 'prod', message: 'timed out', timestamp });
    expect(records[0]!.attributes).toEqual({ latency_ms: 12.5, 'user.name': 'ada', ok: true });
  });

  test('groups are rows, in any spelling of the query', async () => {
    const { address } = await serve();
    const { ingest, query } = clientsOf(transport(address));
    await ingest.ingestLogs({ records: [{ service: 'a' }, { service: 'b' }, { service: 'b' }], wait: Wait.HOT });
    const spellings: NonNullable<MessageInitShape<typeof QueryLogsRequestSchema>['query']>[] = [
      { case: 'text', value: '| count() as n by service | sort n desc' },
      { case: 'json', value: { group_by: ['service'], aggregate: { n: ['count'] }, order_by: [['n', 'desc']] } },
      { case: 'edn', value: '{:group-by [:service] :aggregate {:n [:count]} :order-by [[:n :desc]]}' },
    ];
    for (const spelling of spellings) {
      const { rows, columns } = await query.queryLogs({ query: spelling });
      expect(rows).toEqual([
        { service: 'b', n: 2 },
        { service: 'a', n: 1 },
      ]);
      expect(columns.map(({ name, type }) => [name, type])).toEqual([
        ['service', 'string'],
        ['n', 'number'],
      ]);
    }
  });

  test('pages follow their cursor, each record once', async () => {
    const { address } = await serve();
    const { ingest, query } = clientsOf(transport(address));
    await ingest.ingestLogs({ records: Array.from({ length: 25 }, (_, i) => ({ message: `m${i}` })), wait: Wait.HOT });
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await query.queryLogs({ query: { case: 'text', value: '' }, limit: 10, cursor });
      seen.push(...page.records.map(({ message }) => message));
      cursor = page.nextCursor;
    } while (cursor !== '');
    expect(new Set(seen).size).toBe(25);
    expect(seen).toHaveLength(25);
  });

  test('a tail shows what matches, and resumes behind its cursor', async () => {
    const { address } = await serve();
    const { ingest, query } = clientsOf(transport(address));
    const send = (...messages: string[]) => ingest.ingestLogs({ records: messages.map((message) => ({ message, service: 'tail' })) });
    const first = await collect(query, { q: 'wanted', service: ['tail'] }, 2, () => send('wanted 1', 'other', 'wanted 2'));
    expect(first.messages).toEqual(['wanted 1', 'wanted 2']);
    await send('wanted 3');
    const second = await collect(query, { q: 'wanted', cursor: first.cursor }, 1, async () => {});
    expect(second.messages).toEqual(['wanted 3']);
  });

  test('an error has its code, its reason and the place of the fault', async () => {
    const { address } = await serve();
    const { ingest, query } = clientsOf(transport(address));
    const unclear = await failureOf(query.queryLogs({ query: { case: 'text', value: 'level:error (timeout' } }));
    expect(unclear.code).toBe(Code.InvalidArgument);
    expect(unclear.rawMessage).toContain('this "(" is not closed');
    const [info] = unclear.findDetails(ErrorInfoSchema);
    expect(info).toMatchObject({ reason: 'INVALID_QUERY', domain: 'logdrive.dev', metadata: { at: '12' } });
    expect(unclear.metadata.get('x-request-id')).toBe(info!.metadata.request_id);

    const tooLate = await failureOf(ingest.ingestLogs({ records: [{ timestamp: { seconds: 999_999_999_999n, nanos: 0 } }] }));
    expect([tooLate.code, tooLate.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([Code.InvalidArgument, 'INVALID_RECORD']);
    expect(tooLate.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe('records[0].timestamp');
  });

  test('some records may be refused, by their index', async () => {
    const { address } = await serve();
    const { ingest } = clientsOf(transport(address));
    const taken = await ingest.ingestLogs({ records: [{ message: 'ok' }, { timestamp: { seconds: -1n, nanos: 0 } }] });
    expect(taken).toMatchObject({ accepted: 1n, rejected: 1n, items: [{ index: 1, code: 'INVALID_RECORD', retryable: false }] });
  });
});

type QueryClient = ReturnType<typeof clientsOf>['query'];

/** Tails until so many records came; `begin` runs once the tail has said where it begins. */
async function collect(query: QueryClient, request: Parameters<QueryClient['tailLogs']>[0], count: number, begin: () => Promise<unknown>) {
  const leave = new AbortController();
  const messages: string[] = [];
  let last: TailLogsResponse | undefined;
  try {
    for await (const slice of query.tailLogs(request, { signal: leave.signal })) {
      if (!last) await begin();
      last = slice;
      messages.push(...slice.records.map(({ message }) => message));
      if (messages.length >= count) leave.abort();
    }
  } catch (thrown) {
    if (!leave.signal.aborted) throw thrown;
  }
  return { messages, cursor: last!.cursor };
}

const grpc = transports['gRPC over HTTP/2']!;

test('every code of the error table is a code of the RPCs', () => {
  for (const code of Object.keys(errorTable) as ErrorCode[]) expect([code, rpcCodeOf(code)]).not.toContain(Code.Unknown);
});

test('a key is asked for and its scope is looked at, before the message is read', async () => {
  const { address, platform } = await serve({ maxRpcBytes: 100 });
  const make = (scopes: ('ingest' | 'query')[]) => platform.keys.create({ tenant: 'acme', name: 'k', scopes });
  const { secret } = await make(['query']);
  const { ingest, query } = clientsOf(grpc(address));
  const nobody = await failureOf(query.queryLogs({}));
  expect([nobody.code, nobody.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([Code.Unauthenticated, 'UNAUTHENTICATED']);
  await query.queryLogs({}, { headers: { authorization: `Bearer ${secret}` } });
  await query.queryLogs({}, { headers: { 'x-api-key': secret } });
  const large = { records: [{ message: 'x'.repeat(1_000) }] };
  const other = await failureOf(ingest.ingestLogs(large, { headers: { 'x-api-key': secret } }));
  expect([other.code, other.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([Code.PermissionDenied, 'SCOPE_MISSING']);
  const { secret: writer } = await make(['ingest']);
  const tooLarge = await failureOf(ingest.ingestLogs(large, { headers: { 'x-api-key': writer } }));
  expect(tooLarge.code).toBe(Code.ResourceExhausted);
});

test('an idempotency key answers the second call with the receipt of the first', async () => {
  const { address } = await serve();
  const { ingest } = clientsOf(grpc(address));
  const send = (message: string) => ingest.ingestLogs({ records: [{ message }] }, { headers: { 'idempotency-key': 'k-1' } });
  const first = await send('once');
  const second = await send('once');
  expect([first.replayed, second.replayed, second.receipt]).toEqual([false, true, first.receipt]);
  const other = await failureOf(send('twice'));
  expect([other.code, other.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([Code.FailedPrecondition, 'IDEMPOTENCY_MISMATCH']);
});

test('a deadline ends a call that takes too long', async () => {
  const { address, platform } = await serve();
  platform.store.search = () => new Promise(() => {});
  const { query } = clientsOf(grpc(address));
  const late = await failureOf(query.queryLogs({}, { timeoutMs: 50 }));
  expect(late.code).toBe(Code.DeadlineExceeded);
});

test('a caller that leaves frees its tail, and the number of tails is bounded', async () => {
  const { address } = await serve({ maxTails: 1 });
  const { query } = clientsOf(grpc(address));
  const leave = new AbortController();
  const tail = query.tailLogs({}, { signal: leave.signal })[Symbol.asyncIterator]();
  await tail.next();
  const refused = await failureOf(query.tailLogs({})[Symbol.asyncIterator]().next());
  expect([refused.code, refused.findDetails(RetryInfoSchema)[0]?.retryDelay?.seconds]).toEqual([Code.ResourceExhausted, 5n]);
  leave.abort();
  await tail.next().catch(() => {});
  await expect
    .poll(() =>
      query
        .tailLogs({})
        [Symbol.asyncIterator]()
        .next()
        .then(
          () => true,
          () => false,
        ),
    )
    .toBe(true);
});

test('a host that stops ends its tails with a code that says come back', async () => {
  const stopping = new AbortController();
  const { address } = await serve({ stopping: stopping.signal });
  const { query } = clientsOf(grpc(address));
  const tail = query.tailLogs({})[Symbol.asyncIterator]();
  await tail.next();
  stopping.abort();
  const ended = await failureOf(tail.next());
  expect([ended.code, ended.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([Code.Unavailable, 'SHUTTING_DOWN']);
});

test('an open host is for programs of this machine', async () => {
  const { address } = await serve();
  const foreign = (headers: Record<string, string>) =>
    fetch(`${address}/logdrive.v1.QueryService/QueryLogs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });
  expect((await foreign({})).status).toBe(200);
  const refused = await foreign({ origin: 'https://elsewhere.example' });
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ code: 'permission_denied', message: expect.stringContaining('elsewhere.example') });
  const transport = createGrpcTransport({ baseUrl: address.replace('127.0.0.1', 'localhost') });
  await createClient(QueryService, transport).queryLogs({});
});

test('what is no method is answered like any other path', async () => {
  const { address } = await serve();
  const response = await fetch(`${address}/logdrive.v1.QueryService/Nothing`, { method: 'POST' });
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, 'NOT_FOUND']);
});
