import type { Hono } from 'hono';
import { AppError } from '../../core/errors.ts';
import { version } from '../../core/version.ts';
import { createApp } from '../../http/app.ts';
import type { HttpOptions } from '../../http/options.ts';
import { receiptTokens } from '../../pipeline/accept/receipt-token.ts';
import { createDocuments } from '../../pipeline/documents.ts';
import { createKeys } from '../../pipeline/keys.ts';
import { Metrics } from '../../pipeline/metrics.ts';
import { onlyLogs } from '../../pipeline/only-logs.ts';
import type { Platform, Readiness } from '../../pipeline/platform.ts';
import type { StoreApi } from '../../pipeline/store-api.ts';
import { secretOf } from '../embedded/secrets.ts';
import type { FunctionRuntime } from './function-runtime.ts';
import type { OpenedStore } from './open-store.ts';

const elsewhere = (what: string) => new AppError('NOT_FOUND', `${what} is not to be had from this function`);
/** The log is measured once a minute; after this long somebody should look why not. */
const staleMs = 300_000;

/** The whole HTTP API over opened stores, but for taking records in, and for alerts where `parts` does not bring them. `deadlineMs` bounds waits, by `clock.monotonicMs()`. */
export async function buildApp(
  runtime: FunctionRuntime<unknown>,
  store: OpenedStore,
  more: Partial<HttpOptions> & { inTime?: (timeoutMs: number) => number; parts?: Partial<Platform> } = {},
): Promise<{ app: Hono; platform: Platform }> {
  const { clock, log, metrics } = runtime;
  const { state, api } = store;
  const { inTime = (timeoutMs: number) => timeoutMs, parts, ...options } = more;
  const [cursorKey, receiptKey] = await Promise.all([secretOf(state, 'cursors'), secretOf(state, 'receipts')]);
  const logs: StoreApi = { ...api, waitFor: (receipt, sink, timeoutMs) => api.waitFor(receipt, sink, inTime(timeoutMs)) };
  const platform: Platform = {
    open: async () => false,
    accept: async () => {
      throw elsewhere('taking records in');
    },
    keys: createKeys({ state, clock }),
    documents: createDocuments({ state, clock }),
    notify: async () => {
      throw elsewhere('who is told of alerts');
    },
    rules: async () => {
      throw elsewhere('a rule');
    },
    ...parts,
    store: logs,
    storeOf: onlyLogs(logs),
    readiness: () => readinessOf(store, clock.nowMs()),
    metrics: () => metricsOf(store),
    stats: async () => ({ uptime_s: process.uptime(), ...process.memoryUsage() }),
    profile: async () => {
      throw elsewhere('a profile');
    },
  };
  return {
    app: createApp(platform, { log, metrics, clock, version, cursorKey, receipts: receiptTokens(receiptKey), ...options }),
    platform,
  };
}

async function readinessOf({ state, extents }: OpenedStore, nowMs: number): Promise<Readiness> {
  const table = await state.get('queue/generation').then(
    () => ({ name: 'state', state: 'ok' as const }),
    (error: Error) => ({ name: 'state', state: 'down' as const, detail: error.message }),
  );
  if (table.state === 'down') return { ready: false, dependencies: [table] };
  const ageMs = nowMs - (await extents.atMs());
  const log =
    ageMs < staleMs
      ? { state: 'ok' as const }
      : { state: 'degraded' as const, detail: `the end of the log was seen ${Math.round(ageMs / 1_000)} s ago` };
  return { ready: true, dependencies: [table, { name: 'queue', ...log }] };
}

/** What a scraper asks the platform for: the ledger's figures. Counters of functions are in CloudWatch, under the same names. */
async function metricsOf({ api }: OpenedStore): Promise<string> {
  const { partitions, files, deadLetters } = await api.status();
  const metrics = new Metrics();
  const depth = metrics.gauge('logdrive_queue_depth_records', 'Records that are durable and not indexed yet: the consumer lag.', [
    'partition',
  ]);
  const inFlight = metrics.gauge(
    'logdrive_ledger_in_flight_records',
    'Records that no committed file, drop or dead letter accounts for yet.',
    ['partition'],
  );
  for (const { partition, end, indexed, open } of partitions) {
    depth.set(Math.max(0, end - indexed), String(partition));
    inFlight.set(open, String(partition));
  }
  metrics.gauge('logdrive_dead_letters', 'Records set aside and not mended.').set(deadLetters);
  metrics.gauge('logdrive_warm_files', 'Parquet files that are listed.').set(files);
  return metrics.text();
}
