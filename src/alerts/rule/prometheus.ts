import type { Json } from '../../query/ast/json.ts';
import { parsePromql } from './promql.ts';
import { lengthOf, objectOf, refuseRule, textMapOf } from './refuse.ts';

/** A rule made of one of Prometheus; or why there is none. */
export type Imported = { name: string; rule: Record<string, Json> } | { name: string; path: string; problem: string };

const ruleKeys = ['alert', 'expr', 'for', 'keep_firing_for', 'labels', 'annotations', 'record'];

/**
 * Reads the groups of a rule file of Prometheus (https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/), as its YAML was parsed. Each
 * alert becomes a rule over metrics, or tells what of it has no equal here. Two alerts of one name get a number behind it.
 * @throws AppError INVALID_RULE where it is no such file
 */
export function importPrometheus(file: unknown): Imported[] {
  const { groups } = objectOf(file, 'file', ['groups', 'namespace']);
  if (!Array.isArray(groups)) return refuseRule('groups', 'a rule file has a list of groups');
  const used = new Map<string, number>();
  return groups.flatMap((group, g) => {
    const path = `groups[${g}]`;
    const { rules = [] } = objectOf(group, path);
    if (!Array.isArray(rules)) return refuseRule(`${path}.rules`, 'a group has a list of rules');
    return rules.map((rule, r) => importOne(rule, `${path}.rules[${r}]`, used));
  });
}

function importOne(json: unknown, path: string, used: Map<string, number>): Imported {
  const given = objectOf(json, path);
  const name = String(given.alert ?? given.record ?? path);
  try {
    objectOf(given, path, ruleKeys);
    if (given.alert === undefined) refuseRule(`${path}.record`, 'recording rules have no equal; alerts read the metrics themselves');
    if (typeof given.expr !== 'string') refuseRule(`${path}.expr`, 'the expression is missing');
    const plain = name.replaceAll(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
    const times = (used.get(plain) ?? 0) + 1;
    used.set(plain, times);
    const spelt = (key: 'for' | 'keep_firing_for'): Record<string, Json> => {
      if (lengthOf(given[key], `${path}.${key}`) === undefined) return {};
      return { [key]: given[key] as string };
    };
    const rule: Record<string, Json> = {
      name: times === 1 ? plain : `${plain}-${times}`,
      from: 'metrics',
      condition: parsePromql(given.expr as string, `${path}.expr`),
      ...spelt('for'),
      ...spelt('keep_firing_for'),
      labels: textMapOf(given.labels, `${path}.labels`),
      annotations: textMapOf(given.annotations, `${path}.annotations`),
    };
    return { name: String(rule.name), rule };
  } catch (thrown) {
    const { more } = thrown as { more?: { errors?: { path: string; detail: string }[] } };
    const [first] = more?.errors ?? [];
    if (!first) throw thrown;
    return { name, path: first.path, problem: first.detail };
  }
}
