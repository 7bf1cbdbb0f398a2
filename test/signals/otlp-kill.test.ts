import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** How often the host is killed; each takes a second or two. */
const kills = Number(process.env.LOGDRIVE_OTLP_KILLS ?? 4);
const batchRecords = 20;
const signals = ['logs', 'traces', 'metrics'] as const;
type Signal = (typeof signals)[number];

let dataDir: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'logdrive-otlp-kill-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

function start(port: number): ChildProcess {
  const settings = [
    '--port',
    String(port),
    '--data-dir',
    dataDir,
    '--log-level',
    'error',
    '--set',
    'canary.enabled=false',
    '--set',
    'seal.after=300ms',
  ];
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'test/chaos/host.ts', ...settings], { stdio: 'ignore' });
}

const numbers = (from: number) => Array.from({ length: batchRecords }, (_, i) => from + i);
const seqAttribute = (seq: number) => [{ key: 'seq', value: { intValue: String(seq) } }];
const ns = (seq: number) => String(1_795_773_600_000_000_000n + BigInt(seq));
const bodies: Record<Signal, (from: number) => object> = {
  logs: (from) => ({
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: numbers(from).map((seq) => ({ timeUnixNano: ns(seq), body: { stringValue: 'x' }, attributes: seqAttribute(seq) })),
          },
        ],
      },
    ],
  }),
  traces: (from) => ({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: numbers(from).map((seq) => ({
              ...{ traceId: 'ab'.repeat(16), spanId: (seq + 1).toString(16).padStart(16, '0') },
              ...{ name: 'x', startTimeUnixNano: ns(seq), attributes: seqAttribute(seq) },
            })),
          },
        ],
      },
    ],
  }),
  metrics: (from) => ({
    resourceMetrics: [
      {
        scopeMetrics: [
          {
            metrics: [
              {
                name: 'x',
                gauge: { dataPoints: numbers(from).map((seq) => ({ timeUnixNano: ns(seq), asDouble: 1, attributes: seqAttribute(seq) })) },
              },
            ],
          },
        ],
      },
    ],
  }),
};

/** Sends a batch as an SDK does: the same body until it is answered for good. */
async function send(url: string, signal: Signal, from: number): Promise<void> {
  const body = JSON.stringify(bodies[signal](from));
  for (;;) {
    const response = await fetch(`${url}/v1/${signal}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).catch(
      () => undefined,
    );
    const text = await response?.text().catch(() => undefined);
    if (response?.status === 200 && text === '{}') return;
    if (response && ![200, 429, 503].includes(response.status)) throw new Error(`${response.status} ${text}`);
    await delay(20);
  }
}

/** What is wrong with what was found of the numbers below `sent`; empty where each is there once. */
function faultsOf(sent: number, found: number[]): string[] {
  const times = new Map<number, number>();
  for (const seq of found) times.set(seq, (times.get(seq) ?? 0) + 1);
  const wrong = Array.from({ length: sent }, (_, seq) => [seq, times.get(seq) ?? 0] as const).filter(([, n]) => n !== 1);
  return wrong.map(([seq, n]) => `${seq} is there ${n} times`);
}

test('the check finds what is lost and what is there twice', () => {
  expect(faultsOf(3, [0, 1, 2])).toEqual([]);
  expect(faultsOf(3, [0, 2, 2])).toEqual(['1 is there 0 times', '2 is there 2 times']);
});

test('a host that is killed while SDKs send loses nothing that it acknowledged and shows nothing twice', { timeout: 180_000 }, async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const port = Number(new URL(url).port);
  child = start(port);
  let killing = true;
  const sent: Record<Signal, number> = { logs: 0, traces: 0, metrics: 0 };
  const senders = signals.map(async (signal) => {
    while (killing) {
      await send(url, signal, sent[signal]);
      sent[signal] += batchRecords;
    }
  });
  for (let kill = 0; kill < kills; kill++) {
    const before = { ...sent };
    const endMs = performance.now() + 60_000;
    while (signals.some((signal) => sent[signal] < before[signal] + (3 + kill * 2) * batchRecords) && performance.now() < endMs)
      await delay(5);
    child.kill('SIGKILL');
    await once(child, 'exit');
    child = start(port);
  }
  killing = false;
  await Promise.all(senders);

  const seqsOf = async (signal: Signal): Promise<number[]> => {
    const query = {
      from: signal,
      time: { from: '2026-01-01T00:00:00Z' },
      select: ['seq'],
      limit: 10_000,
      order_by: [['timestamp', 'asc']],
    };
    const found: number[] = [];
    let cursor: string | null = null;
    do {
      const response = await fetch(`${url}/api/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...query, cursor }),
      });
      const page = (await response.json()) as { items: { 'attributes.seq'?: number; seq?: number }[]; next_cursor: string | null };
      found.push(...page.items.map((row) => (row.seq ?? row['attributes.seq'])!));
      cursor = page.next_cursor;
    } while (cursor !== null);
    return found;
  };
  for (const signal of signals) {
    expect(sent[signal]).toBeGreaterThanOrEqual(kills * 3 * batchRecords);
    let faults: string[] = [];
    const endMs = performance.now() + 60_000;
    do faults = faultsOf(sent[signal], await seqsOf(signal));
    while (faults.length > 0 && performance.now() < endMs);
    expect(faults, signal).toEqual([]);
  }
});
