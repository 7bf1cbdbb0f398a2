import type { Metrics } from '../metrics.ts';
import type { Passed } from './evaluator.ts';

/** Makes what counts passes of the evaluator; nothing is there to be read before the first. */
export function createEvaluationMetrics(registry: Metrics): (passed: Passed) => void {
  let made: ReturnType<typeof make> | undefined;
  return ({ rules: count, tenants }) => {
    made ??= make(registry);
    const { rules, lag, windows, transitions, amendments } = made;
    rules.set(count);
    lag.set(Math.max(0, ...[...tenants.values()].map(({ lagUs }) => lagUs)) / 1e6);
    for (const result of tenants.values()) {
      windows.add(result.windows);
      transitions.add(result.transitions);
      amendments.add(result.amendments);
    }
  };
}

const make = (registry: Metrics) => ({
  rules: registry.gauge('logdrive_alert_rules', 'Rules that are evaluated.'),
  lag: registry.gauge('logdrive_evaluation_lag_seconds', 'How far the watermark of alert rules is behind the clock.'),
  windows: registry.counter('logdrive_evaluated_windows_total', 'Windows that were evaluated, of all tenants.'),
  transitions: registry.counter('logdrive_alert_transitions_total', 'Changes of alerts that were decided.'),
  amendments: registry.counter('logdrive_alert_amendments_total', 'Windows that late records would have decided otherwise.'),
});
