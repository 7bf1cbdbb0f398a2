import { compileMatchers, type Labels, type LabelTest, labelOf, parseMatchers } from './matcher.ts';
import type { InhibitRuleConfig } from './schema.ts';

/** An alert as inhibition sees it. */
export type InhibitingAlert = { fingerprint: string; labels: Labels };

/** Which firing alert keeps an alert from being told, and by which rule (its index). */
export type Inhibition = { rule: number; by: string };

type Rule = { source: LabelTest; target: LabelTest; equal: readonly string[] };

/**
 * Compiles inhibition rules over the alerts that fire now. An alert that matches both sides is not inhibited by another that does, so none inhibits itself.
 * https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule
 */
export function createInhibitor(
  configs: readonly InhibitRuleConfig[],
  firing: Iterable<InhibitingAlert>,
): (labels: Labels) => Inhibition | undefined {
  const rules = configs.map(
    (config): Rule => ({
      source: compileMatchers(config.source_matchers.flatMap(parseMatchers)),
      target: compileMatchers(config.target_matchers.flatMap(parseMatchers)),
      equal: config.equal ?? [],
    }),
  );
  if (rules.length === 0) return () => undefined;
  const keyOf = ({ equal }: Rule, labels: Labels) => JSON.stringify(equal.map((name) => labelOf(labels, name)));
  /** For each rule, by the values of `equal`: a source that is no target, and one that is. */
  const sources = rules.map(() => new Map<string, { pure?: string; both?: string }>());
  for (const { fingerprint, labels } of firing) {
    rules.forEach((rule, i) => {
      if (!rule.source(labels)) return;
      const key = keyOf(rule, labels);
      const at = sources[i]!.get(key) ?? {};
      if (rule.target(labels)) at.both ??= fingerprint;
      else at.pure ??= fingerprint;
      sources[i]!.set(key, at);
    });
  }
  return (labels) => {
    for (const [i, rule] of rules.entries()) {
      if (!rule.target(labels)) continue;
      const at = sources[i]!.get(keyOf(rule, labels));
      const by = at?.pure ?? (rule.source(labels) ? undefined : at?.both);
      if (by !== undefined) return { rule: i, by };
    }
    return undefined;
  };
}
