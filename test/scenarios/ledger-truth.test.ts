import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Child, freePort, startChild } from '../chaos/child.ts';
import { rowsInFiles } from './positions-in-files.ts';

type Counts = { done: number; in_flight: number; dead: number; dropped: Record<string, number> };
type Ledger = { accepted: number; hot: Counts; warm: Counts; unattributed: number; holes: unknown[]; partitions: { end: number }[] };
type Receipt = { records: number; hot: ReceiptCounts; warm: ReceiptCounts; dead: { position: number; code: string }[] };
type ReceiptCounts = { done: number; in_flight: number; dead: number; dropped: number };

const dayMs = 86_400_000;
const startMs = Date.now();
const requests = 40;
const perRequest = 100;
const clients = 4;

/** What record n of all is, by n modulo 20. */
const kinds = { debug: 0, noisy: 1, alsoNoisy: 2, poison: 3, late: 4, ownId: 5, invalid: 6 };
const count = (kind: number) => (requests * perRequest * (kind === kinds.noisy ? 2 : 1)) / 20;
/** Each id comes again and again, from the first request to the last. */
const ownIds = 20;
const ownIdOf = (n: number) => `own-${Math.floor(n / 20) % ownIds}`;

function recordOf(n: number): Record<string, unknown> {
  const base = { message: `record ${n}`, level: 'info', service: `service-${n % 3}` };
  switch (n % 20) {
    case kinds.debug:
      return { ...base, level: 'debug' };
    case kinds.noisy:
    case kinds.alsoNoisy:
      return { ...base, service: 'noisy' };
    case kinds.poison:
      return { ...base, service: 'checkout', total: n };
    case kinds.late:
      return { ...base, service: 'late', timestamp: new Date(startMs - 40 * dayMs).toISOString() };
    case kinds.ownId:
      return { ...base, service: 'own', id: ownIdOf(n) };
    case kinds.invalid:
      return { ...base, timestamp: 'the day before yesterday' };
    default:
      return n % 20 === 7 ? { ...base, service: 'checkout', order: { id: `o-${n}` } } : base;
  }
}

const steps = [
  { use: 'drop', when: { field: 'level', equals: 'debug' } },
  { use: 'sample', keep: 0.5, when: { field: 'service', equals: 'noisy' } },
];
const quarantine = { use: 'require', fields: ['order.id'], when: { field: 'service', equals: 'checkout' } };

describe('the ledger, held against the files', () => {
  let folder: string;
  let dataDir: string;
  let url: string;
  let child: Child;
  const receipts: string[] = [];

  async function start(processSteps: unknown[]): Promise<void> {
    const config = {
      server: { port: Number(new URL(url).port) },
      dataDir,
      log: { level: 'error' },
      queue: { partitions: 2 },
      seal: { after: 200 },
      canary: { enabled: false },
      process: { steps: processSteps },
    };
    await writeFile(join(folder, 'logdrive.yaml'), JSON.stringify(config));
    child = startChild({ url, configPath: join(folder, 'logdrive.yaml'), logPath: join(folder, 'log'), plant: undefined });
    expect(await child.ready).toBeGreaterThan(0);
  }

  const get = async <T>(path: string): Promise<T> => (await fetch(url + path)).json() as Promise<T>;
  const ledger = (tenant = '*') => get<Ledger>(`/api/ledger?tenant=${encodeURIComponent(tenant)}`);

  async function settled(): Promise<Ledger> {
    return await expect
      .poll(() => ledger(), { timeout: 15_000, interval: 50 })
      .toMatchObject({ warm: { in_flight: 0 }, unattributed: 0 })
      .then(() => ledger());
  }

  /** Sends one request until it is answered, whichever life of the host answers. */
  async function send(request: number): Promise<{ accepted: number; rejected: number }> {
    const body = JSON.stringify(Array.from({ length: perRequest }, (_, i) => recordOf(request * perRequest + i)));
    for (;;) {
      const init = { method: 'POST', body, headers: { 'idempotency-key': `request-${request}`, 'content-type': 'application/json' } };
      const answer = await fetch(`${url}/logs`, init).catch(() => undefined);
      const text = await answer?.text().catch(() => undefined);
      if (answer && text !== undefined && answer.status < 500 && answer.status !== 409) {
        expect([answer.status, text]).toEqual([207, expect.anything()]);
        const { receipt, accepted, rejected } = JSON.parse(text);
        receipts[request] = receipt;
        return { accepted, rejected };
      }
      await delay(20);
    }
  }

  /** What the files hold, which is nothing twice. */
  async function archived() {
    const rows = await rowsInFiles(dataDir);
    const positions = new Set(rows.map(({ position }) => position));
    expect(positions.size).toBe(rows.length);
    const of = (service: string) => rows.filter((row) => row.service === service).length;
    return { rows, positions, of };
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'logdrive-ledger-'));
    dataDir = join(folder, 'data');
    url = `http://127.0.0.1:${await freePort()}`;
  });
  afterAll(async () => {
    await child?.kill();
    await rm(folder, { recursive: true, force: true });
  });

  test('agrees after poison, drop rules, late data, repeated ids, repeated requests and a kill in the middle', async () => {
    await start([...steps, quarantine]);
    let answered = 0;
    const sums = { accepted: 0, rejected: 0 };
    const sendAll = async (from: number, to: number) => {
      let next = from;
      const client = async () => {
        while (next < to) {
          const { accepted, rejected } = await send(next++);
          sums.accepted += accepted;
          sums.rejected += rejected;
          answered++;
        }
      };
      await Promise.all(Array.from({ length: clients }, client));
    };
    const half = requests / 2;
    await sendAll(0, half);
    await expect.poll(async () => (await ledger()).warm.done, { timeout: 15_000 }).toBeGreaterThan(0);
    const rest = sendAll(half, requests);
    await expect.poll(() => answered, { timeout: 15_000, interval: 1 }).toBeGreaterThan(half + 2);
    await child.kill();
    await start([...steps, quarantine]);
    await rest;
    for (const request of [0, half, requests - 1]) await send(request);

    const whole = await settled();
    const sent = requests * perRequest;
    expect(sums).toEqual({ accepted: sent - count(kinds.invalid), rejected: count(kinds.invalid) });
    expect(whole.accepted).toBe(sums.accepted);
    expect(whole.holes).toEqual([]);

    const files = await archived();
    const { warm } = whole;
    expect(whole.hot).toEqual(warm);
    expect(files.positions.size).toBe(warm.done);
    expect(whole.accepted).toBe(warm.done + warm.dead + Object.values(warm.dropped).reduce((sum, n) => sum + n, 0));
    expect(warm.dead).toBe(count(kinds.poison));
    expect(warm.dropped.rule).toBe(count(kinds.debug));
    expect(warm.dropped.duplicate).toBe(count(kinds.ownId) - ownIds);
    expect(files.of('own')).toBe(ownIds);
    expect(warm.dropped.sampled).toBe(count(kinds.noisy) - files.of('noisy'));
    expect(files.of('noisy')).toBeGreaterThan(0);
    expect(files.rows.filter(({ age }) => age >= 39)).toHaveLength(count(kinds.late));
    expect(whole.partitions.reduce((sum, { end }) => sum + end, 0)).toBe(whole.accepted);
    const byMinutes = await ledger('default');
    expect([byMinutes.accepted, byMinutes.hot, byMinutes.warm]).toEqual([whole.accepted, whole.hot, whole.warm]);
  }, 60_000);

  test('agrees with the receipts', async () => {
    const { warm, accepted } = await ledger();
    const statuses = await Promise.all(receipts.map((receipt) => get<Receipt>(`/api/receipts/${receipt}`)));
    const total = (of: (status: Receipt) => number) => statuses.reduce((sum, status) => sum + of(status), 0);
    expect(statuses).toHaveLength(requests);
    expect(total(({ records }) => records)).toBe(accepted);
    for (const store of ['hot', 'warm'] as const) {
      expect(total((status) => status[store].done)).toBe(warm.done);
      expect(total((status) => status[store].dead)).toBe(warm.dead);
      expect(total((status) => status[store].dropped)).toBe(Object.values(warm.dropped).reduce((sum, n) => sum + n, 0));
      expect(total((status) => status[store].in_flight)).toBe(0);
    }
    const codes = statuses.flatMap(({ dead }) => dead.map(({ code }) => code));
    expect(codes).toEqual(Array(warm.dead).fill('REQUIRED_FIELD_MISSING'));
  });

  test('moves dead letters home once, though they are redriven twice at once', async () => {
    await child.stop();
    await start(steps);
    const before = await ledger();
    const { groups } = await get<{ groups: { cause: string; count: number }[] }>('/api/dlq');
    expect(groups.map((group) => group.count)).toEqual([before.warm.dead]);
    const earlier = await archived();
    const init = { method: 'POST', body: JSON.stringify({ cause: groups[0]!.cause }), headers: { 'content-type': 'application/json' } };
    const redrive = async () => (await (await fetch(`${url}/api/dlq/redrive`, init)).json()) as { redriven: number };
    const moved = await Promise.all([redrive(), redrive()]);
    expect(moved.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(before.warm.dead);
    expect(await redrive()).toEqual({ matched: 0, redriven: 0, skipped: 0 });

    const after = await settled();
    expect(after.accepted).toBe(before.accepted);
    for (const counts of [after.hot, after.warm]) {
      expect(counts).toEqual({ ...before.warm, done: before.warm.done + before.warm.dead, dead: 0 });
    }
    const files = await archived();
    expect(files.positions.size).toBe(after.warm.done);
    expect(files.of('checkout') - earlier.of('checkout')).toBe(before.warm.dead);
    expect([...earlier.positions].every((position) => files.positions.has(position))).toBe(true);
  }, 60_000);
});
