import { onlyLogs } from '../../pipeline/only-logs.ts';
import type { Platform } from '../../pipeline/platform.ts';
import { lazyAlertRules } from '../../pipeline/rules/lazy-alert-rules.ts';
import { Notifying } from '../embedded/notifying.ts';
import { type AlertEnvironment, alertSettings } from './alert-settings.ts';
import type { FunctionRuntime } from './function-runtime.ts';
import type { OpenedStore } from './open-store.ts';

/** What the API says of alerts. Only asked here: what has changed is seen by the functions that evaluate and deliver, at their next pass. */
export function alertParts(
  { env, clock, log }: FunctionRuntime<AlertEnvironment>,
  { state, api }: OpenedStore,
): Pick<Platform, 'notify' | 'rules'> {
  const notifying = new Notifying({
    ...{ state, clock, log, settings: alertSettings(env), isAlone: false, isAsleep: true },
    publish: async () => {},
  });
  return { notify: () => notifying.api(), rules: lazyAlertRules({ state, clock, storeOf: onlyLogs(api) }) };
}
