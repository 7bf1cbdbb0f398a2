import { parseRule } from '../../alerts/rule/parse-rule.ts';
import type { Rule } from '../../alerts/rule/rule.ts';
import type { Json } from '../../query/ast/json.ts';

/** A rule as it is stored: as it was written (as JSON, whichever the spelling), with who changed it last. Times are epoch milliseconds. */
export type StoredRule = {
  tenant: string;
  source: Record<string, Json>;
  version: number;
  createdAtMs: number;
  updatedAtMs: number;
  /** The id of the key that changed it. */
  updatedBy: string;
  /** A rule that is deleted stays until nobody needs its name: its alerts are ended by it, and its versions go on. */
  isDeleted: boolean;
};

/** One version of a rule: what it was, and who made it so. */
export type RuleVersion = Pick<StoredRule, 'source' | 'version' | 'updatedAtMs' | 'updatedBy' | 'isDeleted'>;

const parsed = new WeakMap<object, Rule>();

/** The rule that is stored; parsed once for each object. @throws AppError INVALID_RULE where an older version could read it and this one cannot */
export function ruleOf({ source }: Pick<StoredRule, 'source'>): Rule {
  const known = parsed.get(source);
  if (known) return known;
  const rule = parseRule(source);
  parsed.set(source, rule);
  return rule;
}

/** What differs between two versions: the paths that were set, and to what. */
export function diffOf(
  before: Json | undefined,
  after: Json | undefined,
  path = '',
): { path: string; from: Json | null; to: Json | null }[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => diffOf(before[name], after[name], path === '' ? name : `${path}.${name}`));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item, i) => diffOf(item, after[i], `${path}[${i}]`));
  return [{ path, from: before ?? null, to: after ?? null }];
}

const isObject = (json: Json | undefined): json is { [key: string]: Json } =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
