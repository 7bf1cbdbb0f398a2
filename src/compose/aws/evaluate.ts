import { setTimeout as wait } from 'node:timers/promises';
import type { WindowSource } from '../../alerts/windows/window-source.ts';
import { Evaluator } from '../../pipeline/evaluate/evaluator.ts';
import { createStoreWindowSource } from '../../pipeline/evaluate/store-window-source.ts';
import { onlyLogs } from '../../pipeline/only-logs.ts';
import { ruleKeys } from '../../pipeline/rules/keys.ts';
import { type FunctionRuntime, type Invocation, once } from './function-runtime.ts';
import { openStore, type StoreEnvironment } from './open-store.ts';

/** What one call did: its passes, the rules, the windows that were evaluated, and the transitions that were left in the outbox. */
export type EvaluateResult = { passes: number; rules: number; windows: number; transitions: number };

const cacheBytes = 64 * 2 ** 20;
const everyMs = 15_000;
const passesACall = 4;
/** Kafka, both sinks and their windows of batching take longer than the embedded host. */
const latenessUs = 30e6;

/**
 * Builds the minute's call. How far the log reaches is noted once a minute, so a watermark cannot be later than that note. Two calls at once hinder each
 * other and decide nothing twice.
 */
export function buildEvaluate(runtime: FunctionRuntime<StoreEnvironment>): (invocation: Invocation) => Promise<EvaluateResult> {
  const { clock, log, registry } = runtime;
  const lag = registry.gauge('logdrive_evaluation_lag_seconds', 'How far the watermark of alert rules is behind the clock.');
  const parts = once(async () => {
    const { state, api, extents } = await openStore(runtime, { cacheBytes });
    const store = createStoreWindowSource({ storeOf: onlyLogs(api) });
    const source: WindowSource = {
      ...store,
      async watermark(signal) {
        const [{ us }, notedMs] = await Promise.all([store.watermark(signal), extents.atMs()]);
        return { us: Math.min(us, notedMs * 1_000), latenessUs };
      },
    };
    return { state, evaluator: new Evaluator({ state, source, clock, log, behindAfterUs: 180e6 }) };
  });

  return async ({ deadlineMs }) => {
    const { state, evaluator } = await parts();
    const result: EvaluateResult = { passes: 0, rules: 0, windows: 0, transitions: 0 };
    if (!(await state.get(ruleKeys.revision))) return result;
    for (;;) {
      const startedMs = clock.monotonicMs();
      const { rules, tenants } = await evaluator.pass();
      result.passes++;
      result.rules = rules;
      for (const { windows, transitions, lagUs } of tenants.values()) {
        result.windows += windows;
        result.transitions += transitions;
        lag.set(lagUs / 1e6);
      }
      const nextMs = startedMs + everyMs;
      if (result.passes >= passesACall || nextMs >= deadlineMs) return result;
      await wait(Math.max(0, nextMs - clock.monotonicMs()));
    }
  };
}
