import { AppError } from '../../core/errors.ts';
import { systemTenant } from '../../core/tenant.ts';
import type { AcceptEnvironment } from './accepting.ts';
import { buildAccepting } from './accepting.ts';
import { type FunctionRuntime, type Invocation, once } from './function-runtime.ts';
import { noteExtents } from './log-extents.ts';
import { noteOldestOpen } from './oldest-open.ts';
import { createReceiptStatus } from './receipt-status.ts';

/** What the minute's call found. `lagMs` until the record was closed in both sinks. */
export type CanaryResult = { state: 'found'; lagMs: number } | { state: 'missing'; hot: number; warm: number };

/**
 * Builds the minute's call: notes how far the log reaches, then sends one record of the system tenant the whole way and waits until both sinks have
 * closed it. A record that is not found in time is a measurement, and no failure of the function.
 */
export function buildCanary(
  runtime: FunctionRuntime<AcceptEnvironment>,
  sinks: ('hot' | 'warm')[],
): (invocation: Invocation) => Promise<CanaryResult> {
  const { env, clock, registry } = runtime;
  const missed = registry.gauge('logdrive_canary_missed', 'Whether the last canary record was not found in time.');
  const lag = registry.gauge('logdrive_canary_lag_seconds', 'Time until the last canary could be found.');
  const oldestOpen = registry.gauge('logdrive_ledger_oldest_open_seconds', 'Age of the oldest record in flight.');
  const parts = once(async () => {
    const accepting = await buildAccepting(runtime);
    return { ...accepting, receipts: createReceiptStatus({ state: accepting.state, table: env.LOGDRIVE_TABLE, clock }) };
  });

  return async ({ log, deadlineMs }) => {
    const { state, queue, acceptAlways, receipts } = await parts();
    const { generation, ranges } = await noteExtents(state, queue, clock);
    oldestOpen.set(await noteOldestOpen(state, { generation, ranges, sinks, nowMs: clock.nowMs() }));
    const sentMs = clock.monotonicMs();
    try {
      const { receipt } = await acceptAlways(recordAt(clock.nowMs()));
      if (!receipt) throw new AppError('INTERNAL', 'the canary was not accepted');
      for (const sink of sinks) await receipts.waitFor(receipt, sink, Math.max(0, deadlineMs - clock.monotonicMs()));
      const { hot, warm } = await receipts.read(receipt);
      const open = { hot: sinks.includes('hot') ? hot.in_flight : 0, warm: warm.in_flight };
      if (open.hot + open.warm > 0) {
        missed.set(1);
        log.error({ open_hot: open.hot, open_warm: open.warm }, 'canary missing');
        return { state: 'missing', ...open };
      }
      const lagMs = clock.monotonicMs() - sentMs;
      missed.set(0);
      lag.set(lagMs / 1_000);
      return { state: 'found', lagMs };
    } catch (error) {
      missed.set(1);
      log.error({ error }, 'canary failed');
      throw error;
    }
  };
}

const recordAt = (nowMs: number) => ({
  tenant: systemTenant,
  keyId: systemTenant,
  requestId: `canary-${nowMs}`,
  contentType: 'application/json',
  contentEncoding: undefined,
  contentLength: undefined,
  body: Buffer.from(JSON.stringify({ message: 'canary', service: 'logdrive', attributes: { sent_ms: nowMs } })),
  idempotencyKey: undefined,
  defaults: {},
});
