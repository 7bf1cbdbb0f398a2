import type { Environment } from '../../../lambdas/environment.ts';
import { outboxPrefix } from '../../alerts/transition.ts';
import { notifyKeys } from '../../pipeline/notify/keys.ts';
import { ruleKeys } from '../../pipeline/rules/keys.ts';
import { buildNotify } from '../embedded/build-notify.ts';
import { type AlertEnvironment, alertSettings } from './alert-settings.ts';
import { type FunctionRuntime, type Invocation, once } from './function-runtime.ts';
import { minutePasses } from './minute-passes.ts';
import { openState } from './open-state.ts';

export type DeliverEnvironment = AlertEnvironment & Environment<'LOGDRIVE_TABLE'>;
export type DeliveredAlerts = { taken: number; planned: number; passes: number };

/** After a pass of the evaluator, which comes 6.2 s after each quarter of a minute. */
const afterMs = 9_200;
const pruneEveryMs = 3_600_000;

/**
 * Builds the minute's call that tells people of alerts: takes the evaluator's outbox over, groups, silences, and delivers. Outside the network, since channels are. Where
 * there is neither a rule nor anything to tell it ends at once.
 */
export function buildDeliverAlerts(runtime: FunctionRuntime<DeliverEnvironment>): (invocation: Invocation) => Promise<DeliveredAlerts> {
  const { env, clock, log } = runtime;
  const state = openState(env);
  let prunedMs = 0;
  const built = once(async () =>
    buildNotify({ state, clock, log, settings: alertSettings(env), isAlone: false, publish: async () => {} }, () => {}),
  );

  async function hasWork(): Promise<boolean> {
    if (await state.get(ruleKeys.revision)) return true;
    for (const prefix of [outboxPrefix, notifyKeys.groups, notifyKeys.pending]) if ((await state.list(prefix)).length > 0) return true;
    return false;
  }

  return async (invocation) => {
    const sum: DeliveredAlerts = { taken: 0, planned: 0, passes: 0 };
    if (!(await hasWork())) return sum;
    const { notify } = await built();
    const pass = async () => {
      const { taken, planned } = await notify.pass();
      sum.taken += taken;
      sum.planned += planned;
    };
    sum.passes = await minutePasses({ clock, afterMs, pass }, invocation);
    if (clock.nowMs() - prunedMs > pruneEveryMs) {
      prunedMs = clock.nowMs();
      await notify.prune();
    }
    return sum;
  };
}
