import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { commands } from '../../src/cli/commands/index.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createKeys } from '../../src/pipeline/keys.ts';
import { type Answered, type Called, serve, start, until } from './cli-io.ts';

let close = () => {};
afterEach(() => close());

async function server(answers: Record<string, (call: Called, nth: number) => Answered | undefined>) {
  const counts: Record<string, number> = {};
  const made = await serve((call, res) => {
    const name = `${call.method} ${call.path}`;
    counts[name] = (counts[name] ?? -1) + 1;
    const answer = answers[name];
    if (answer) return answer(call, counts[name]);
    res.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"code":"NOT_FOUND","detail":"there is no such path"}');
    return undefined;
  });
  close = made.close;
  return { ...made, run: (...argv: string[]) => start([...argv, '--url', made.url]).done };
}

const record = (n: number) => ({
  id: `id${n}`,
  timestamp: `2026-11-20T00:00:0${n}.000Z`,
  level: 'error',
  service: 'shop',
  host: 'h',
  message: `m${n}\u001b[2J`,
  attributes: { n },
});

describe('the command line', () => {
  it('lists the commands, and helps with each', async () => {
    const { code, out } = await start([]).done;
    expect(code).toBe(0);
    for (const { name, summary } of commands) {
      expect(out).toContain(`${name.padEnd(8)}  ${summary}`);
      const help = await start([name, '--help']).done;
      expect(help.code).toBe(0);
      expect(help.out).toMatch(new RegExp(`^logdrive ${name} `));
      expect(help.out).toContain('Examples\n  ');
      expect(help.out).not.toContain('\u001b');
      expect((await start(['help', name]).done).out).toBe(help.out);
    }
    expect((await start(['--version']).done).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['qeury'], 'did you mean logdrive query?'],
    [['frobnicate'], 'there is no command frobnicate'],
    [['query', '--limt', '3'], 'there is no option --limt; did you mean --limit?'],
    [['query', '--limit', '0'], '--limit 0: give a whole number of at least 1'],
    [['query', '--limit'], "--limit <value>' argument missing"],
    [['query', '--order', 'up'], 'give desc or asc'],
    [['up', 'now'], 'up takes no now'],
    [['up', '--set', 'a.b=1'], 'there is no setting `a.b`'],
    [['keys', 'create'], 'give one of: create NAME'],
    [['dlq', 'redrive'], 'either ids or --cause'],
    [['simulate', '--fast'], '--fast needs --for'],
    [['query', '--stats', 'median:x'], '--stats median:x: give count'],
    [['query', 'words', '--by', 'service'], '--by and --stats go with the filter options'],
    [['query', '{'], 'the query is no JSON'],
  ])('refuses %j with exit code 2 and a hint', async (argv, message) => {
    const { code, err } = await start(argv, { env: { LOGDRIVE_URL: 'http://127.0.0.1:1' } }).done;
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  it('says where no server answers, with exit code 1', async () => {
    const { url, close: stop } = await serve(() => ({}));
    stop();
    const { code, err } = await start(['ledger', '--url', url]).done;
    expect(code).toBe(1);
    expect(err).toContain(`no server answers at ${url} (ECONNREFUSED); start one with \`logdrive up\``);
  });
});

describe('logdrive up', () => {
  it('hands the configuration of flags and environment to the host', async () => {
    let port = 0;
    const host = {
      up: async (config: { server: { port: number } }) => {
        port = config.server.port;
      },
    };
    expect((await start(['up', '--port', '5001'], { env: { LOGDRIVE_PORT: '5000' }, host }).done).code).toBe(0);
    expect(port).toBe(5001);
  });
});

describe('logdrive query', () => {
  it('asks with its filters, follows cursors up to the limit, and shows nothing that steers the terminal', async () => {
    const page = (call: Called): Answered => {
      const from = Number(call.query.get('cursor') ?? 0);
      return { body: { items: [record(from), record(from + 1)], next_cursor: String(from + 2), took_ms: 1, partial: false } };
    };
    const { run, calls } = await server({ 'GET /api/logs': page });
    const { code, out, err } = await run(
      'query',
      'latency_ms>5',
      'x',
      '--service',
      'a',
      '--service',
      'b',
      '--min-level',
      'warn',
      '--last',
      '1h',
      '--limit',
      '4',
    );
    expect(code).toBe(0);
    expect(Object.fromEntries(calls[0]!.query)).toMatchObject({ q: 'latency_ms>5 x', min_level: 'warn', last: '1h', limit: '4' });
    expect(calls[0]!.query.getAll('service')).toEqual(['a', 'b']);
    expect(calls.map(({ query }) => query.get('cursor'))).toEqual([null, '2']);
    expect(out.split('\n')).toHaveLength(5);
    expect(out).toContain('2026-11-20 00:00:03.000  ERROR  shop  m3\ufffd[2J');
    expect(err).toContain('4 records, 2.0 ms; there are more');
    expect(JSON.parse((await run('query', '--json', '-n', '2')).out.split('\n')[0]!)).toEqual(record(0));
  });

  it('counts and groups, and shows a table', async () => {
    const answer = {
      items: [
        { service: 'a', count: 1200 },
        { service: 'bcd', count: 7 },
      ],
      columns: [{ name: 'service' }, { name: 'count' }],
      next_cursor: null,
      took_ms: 2,
    };
    const { run, calls } = await server({ 'POST /api/query': () => ({ body: answer }) });
    const { out } = await run('query', '--by', 'service', '--min-level', 'error', '--search', 'x', '--last', '1h');
    expect(JSON.parse(calls[0]!.body.toString())).toEqual({
      ...{
        from: 'logs',
        time: { last: '1h' },
        group_by: ['service'],
        aggregate: { count: ['count'] },
        order_by: [['count', 'desc']],
        limit: 1000,
      },
      where: ['and', ['contains', 'message', 'x'], ['in', 'level', ['error', 'fatal']]],
    });
    expect(out).toBe('service  count\na        1,200\nbcd          7\n');
    await run('query', '--by', '5m,env', '--stats', 'p95:latency_ms,avg:bytes', '--env', 'prod');
    expect(JSON.parse(calls[1]!.body.toString())).toEqual({
      ...{ from: 'logs', where: ['and', ['in', 'env', ['prod']]], group_by: [['bucket', 'timestamp', '5m'], 'env'], limit: 1000 },
      aggregate: { p95_latency_ms: ['percentile', 'latency_ms', 95], avg_bytes: ['avg', 'bytes'] },
    });
    await run('query', '{"where":["=","level","error"]}');
    expect(JSON.parse(calls[2]!.body.toString())).toEqual({ where: ['=', 'level', 'error'] });
  });

  it('shows what the server says of a query that cannot be read', async () => {
    const { run } = await server({
      'GET /api/logs': () => ({ status: 400, body: { code: 'INVALID_QUERY', detail: 'a bracket is open', errors: [{}, {}] } }),
    });
    expect(await run('query', '(')).toMatchObject({ code: 1, err: expect.stringContaining('a bracket is open (and 1 more)') });
  });
});

describe('logdrive tail', () => {
  it('shows records as they come, and goes on behind the last one when the connection breaks', async () => {
    const resumed: (string | undefined)[] = [];
    const { url } = await serve((call, res) => {
      resumed.push(call.headers['last-event-id'] as string | undefined);
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      if (resumed.length === 1)
        res.write(`id: 7\ndata: ${JSON.stringify(record(1))}\n\nevent: missed\ndata: {"count":3}\n\n`, () => res.destroy());
      else res.write(`data: ${JSON.stringify(record(2))}\n\n`);
      return undefined;
    }).then((made) => {
      close = made.close;
      return made;
    });
    const tail = start(['tail', '--json', '--url', url]);
    await until(() => tail.out().includes('"id2"'));
    tail.stop();
    const { code, out, err } = await tail.done;
    expect(code).toBe(0);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(['id1', 'id2']);
    expect(resumed).toEqual([undefined, '7']);
    expect(err).toContain('3 records left out');
  });
});

const ledger = {
  accepted: 10,
  hot: { done: 8, in_flight: 1, dead: 0, dropped: { rule: 1 } },
  warm: { done: 9, in_flight: 1, dead: 0, dropped: {} },
  oldest_in_flight_s: 3,
  partitions: [],
  unattributed: 0,
  holes: [],
};

describe('logdrive ledger', () => {
  it('shows the account, and fails where it does not add up', async () => {
    let answer = ledger;
    const { run } = await server({ 'GET /api/ledger': () => ({ body: answer }) });
    const right = await run('ledger');
    expect(right.code).toBe(0);
    expect(right.out).toContain(
      'hot         10     8          1     0        1\nwarm        10     9          1     0        0\n  hot dropped: 1 rule\n',
    );
    answer = { ...ledger, accepted: 11 };
    expect(await run('ledger', '--json')).toMatchObject({
      code: 1,
      err: expect.stringContaining('the account of hot and warm does not add up'),
    });
  });
});

describe('logdrive dlq', () => {
  it('lists causes and letters, redrives and discards', async () => {
    const letter = {
      id: 'l1',
      sink: 'both',
      code: 'PROCESS_FAILED',
      detail: 'grok failed',
      cause: 'PROCESS_FAILED grok',
      attempts: 1,
      last_at: 't',
      state: 'dead',
    };
    const { run, calls } = await server({
      'GET /api/dlq': () => ({
        body: { items: [letter], next_cursor: null, groups: [{ cause: letter.cause, count: 4, sample_id: 'l1' }] },
      }),
      'GET /api/dlq/l1': () => ({ body: { ...letter, body: '{"a":1}' } }),
      'POST /api/dlq/redrive': () => ({ body: { matched: 4, redriven: 3, skipped: 1 } }),
      'DELETE /api/dlq/l1': (_call, nth) => ({ status: nth === 0 ? 200 : 404, body: { detail: 'gone' } }),
    });
    expect((await run('dlq', 'list')).out).toContain('PROCESS_FAILED grok        4  l1');
    expect((await run('dlq', 'show', 'l1')).out).toContain('\n{"a":1}\n');
    expect((await run('dlq', 'redrive', '--cause', 'c', '--rate', '5')).out).toBe('3 of 4 letters redriven, 1 still cannot pass\n');
    expect(JSON.parse(calls.at(-1)!.body.toString())).toEqual({ cause: 'c', rate: 5 });
    expect((await run('dlq', 'discard', 'l1')).code).toBe(0);
    expect((await run('dlq', 'discard', 'l1')).code).toBe(1);
  });
});

describe('logdrive keys', () => {
  it('works on the data folder when no server answers: creates, lists, rotates, revokes', async () => {
    const book = createKeys({ state: new MemoryStateStore(), clock: systemClock });
    const host = { offlineKeys: async () => ({ keys: book, close: async () => {} }) };
    const run = (...argv: string[]) => start(['keys', ...argv, '--data-dir', '/d'], { host }).done;
    const first = await run('create', 'root');
    expect(await book.check(first.out.trim())).toMatchObject({ tenant: 'default', scopes: ['ingest', 'query', 'admin'] });
    await book.revoke((await book.list())[0]!.id);
    expect((await run('create', 'x', '--scopes', 'query')).err).toContain('no key may make other keys now');
    const made = await run('create', 'ship', '--scopes', 'ingest,query', '--tenant', 'acme', '--expires', '90d');
    expect(made.err).toContain('may ingest, query');
    expect(await book.check(made.out.trim())).toMatchObject({ tenant: 'acme', scopes: ['ingest', 'query'] });
    const { id } = (JSON.parse((await run('list', '--json')).out).items as { id: string; name: string }[]).find(
      ({ name }) => name === 'ship',
    )!;
    const rotated = await run('rotate', id, '--overlap', '1h');
    await book.check(made.out.trim());
    expect((await run('list')).out).toContain('rotating');
    expect((await run('revoke', id)).out).toContain(`key ${id} (ship) is revoked`);
    await expect(book.check(rotated.out.trim())).rejects.toThrow('UNAUTHENTICATED');
    expect((await run('create', 'x', '--scopes', 'everything')).code).toBe(2);
    expect(await run('revoke', 'nothing')).toMatchObject({ code: 1, err: expect.stringContaining('there is no key with the id nothing') });
  });

  it('asks the server when one answers', async () => {
    const key = {
      id: 'k1',
      tenant: 'acme',
      name: 'ship',
      scopes: ['ingest', 'admin'],
      created_at: '2026-11-20T00:00:00Z',
      expires_at: null,
      revoked_at: null,
      last_used_at: null,
      rotated_until: null,
    };
    const { run, calls } = await server({
      'GET /api/keys': () => ({ body: { items: [key] } }),
      'POST /api/keys': () => ({ status: 201, body: { ...key, secret: 'ld_1' } }),
      'POST /api/keys/k1/rotate': () => ({ body: { ...key, secret: 'ld_2' } }),
    });
    expect((await run('keys', 'list')).out).toContain('k1  ship  acme    ingest,admin  2026-11-20T00:00  never      live');
    expect((await run('keys', 'create', 'ship')).out).toBe('ld_1\n');
    expect(JSON.parse(calls.at(-1)!.body.toString())).toEqual({ name: 'ship', scopes: ['ingest'] });
    expect((await run('keys', 'rotate', 'k1', '--overlap', '2h')).out).toBe('ld_2\n');
    expect(calls.at(-1)!.query.get('overlap')).toBe('7200000ms');
  });
});

describe('logdrive explain', () => {
  it('sends a line as a message, JSON as a record, and a query as a query', async () => {
    const explained = {
      record: { message: 'x' },
      steps: [{ verb: 'process', name: 'drop', change: { a: 1 } }],
      outcome: 'drop',
      reason: 'rule',
    };
    const { run, calls } = await server({ 'POST /api/explain': () => ({ body: explained }) });
    expect((await run('explain', 'GET / 200')).out).toContain('process drop\n  a = 1\nit is dropped: rule\n');
    expect(calls[0]!.body.toString()).toBe('{"message":"GET / 200"}');
    expect(calls[0]!.query.has('record')).toBe(true);
    await run('explain', '{"msg":"x"}');
    expect(calls[1]!.body.toString()).toBe('{"msg":"x"}');
    await run('explain', '--query', 'level:error');
    expect(calls[2]!.body.toString()).toBe('level:error');
    expect(calls[2]!.query.has('record')).toBe(false);
  });
});

describe('logdrive doctor', () => {
  const healthy = {
    'GET /health': () => ({ body: { status: 'ok', version: '1.2.3' } }),
    'GET /ready': () => ({ body: { status: 'ready', dependencies: [{ name: 'queue', state: 'ok' }] } }),
    'GET /stats': () => ({ body: {} }),
    'GET /live': () => ({ body: {} }),
    'GET /api/ledger': () => ({ body: ledger }),
  };
  const doctor = (url: string, env = {}) => start(['doctor', '--url', url, '--data-dir', tmpdir()], { env }).done;

  it('is content with a healthy server', async () => {
    const { url } = await server(healthy);
    const { code, out } = await doctor(url);
    expect(out).not.toMatch(/[✗!]/);
    expect(out).toContain('runs Logdrive 1.2.3');
    expect(out).toContain('10 accepted, 1 in flight to hot, 1 to warm, 0 dead');
    expect(code).toBe(0);
  });

  it('says what to do about each thing that is wrong', async () => {
    const { url } = await server({
      ...healthy,
      'GET /ready': () => ({
        status: 503,
        body: { status: 'not ready', dependencies: [{ name: 'store', state: 'down', detail: 'the thread has ended' }] },
      }),
      'GET /live': () => ({ headers: { date: 'Fri, 20 Nov 2020 00:00:00 GMT' } }),
      'GET /api/ledger': () => ({ body: { ...ledger, oldest_in_flight_s: 900 } }),
    });
    const { code, out } = await doctor(url, { LOGDRIVE_WARM_DAYS: 'x' });
    expect(out).toContain('store is down: the thread has ended');
    expect(out).toContain("off the server's");
    expect(out).toContain('the oldest waits for 15 min');
    expect(out).toContain('LOGDRIVE_WARM_DAYS');
    expect(code).toBe(1);
  });

  it('says how to start a server where none answers', async () => {
    const { code, out } = await doctor('http://127.0.0.1:1');
    expect(out).toContain('start it with `npm start`');
    expect(code).toBe(1);
  });
});

describe('logdrive simulate and bench', () => {
  it('writes the same records for the same seed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'logdrive-simulate-'));
    const argv = ['simulate', '--rate', '500', '--for', '4s', '--fast', '--seed', '3', '--start', '2026-11-20T00:00:00Z', '--out'];
    const { out } = await start([...argv, '-']).done;
    await start([...argv, join(folder, 'x')]).done;
    expect(readFileSync(join(folder, 'x'), 'utf8')).toBe(out);
    expect(out.trim().split('\n').length).toBeGreaterThan(1_000);
    rmSync(folder, { recursive: true });
  });

  it('sends in real time until stopped', async () => {
    const { url, calls } = await server({
      'POST /logs': (call) => ({ status: 202, body: { receipt: 'r', accepted: call.body.toString().split('\n').length, rejected: 0 } }),
    });
    const { done, stop } = start(['simulate', '--rate', '200', '--url', url]);
    await until(() => calls.length >= 3);
    stop();
    expect((await done).out).toMatch(/^\d+ records sent in 0\.\d s\n$/);
  });

  it('measures rate and latency', async () => {
    const { run } = await server({
      'POST /logs': () => ({ status: 202, body: { receipt: 'r' } }),
      'GET /api/receipts/r': () => ({ body: { hot: { in_flight: 0 } } }),
    });
    const { out } = await run('bench', '--for', '100ms', '--batch', '10', '--json');
    const { records, records_per_s, p99_ms, p50_ms } = JSON.parse(out);
    expect(records).toBeGreaterThan(0);
    expect(records_per_s).toBeGreaterThan(0);
    expect(p99_ms).toBeGreaterThanOrEqual(p50_ms);
  });
});
