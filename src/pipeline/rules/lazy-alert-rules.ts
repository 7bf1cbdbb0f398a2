import type { AlertRules, AlertRulesDeps } from './alert-rules.ts';

/** The alert rules of a host, loaded with the first call. */
export function lazyAlertRules(deps: AlertRulesDeps): () => Promise<AlertRules> {
  let rules: Promise<AlertRules> | undefined;
  return () => {
    rules ??= import('./alert-rules.ts').then(({ createAlertRules }) => createAlertRules(deps));
    return rules;
  };
}
