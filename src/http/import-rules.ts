import type { Imported } from '../alerts/rule/prometheus.ts';
import { AppError, type ErrorItem } from '../core/errors.ts';
import type { Caller } from '../pipeline/platform.ts';
import type { AlertRules } from '../pipeline/rules/alert-rules.ts';
import type { StoredRule } from '../pipeline/rules/stored-rule.ts';

export type ImportResult = { made: StoredRule[]; skipped: { name: string; path: string; detail: string }[] };

/**
 * Saves the rules that came of a file: all, or with `skip` those that have an equal here. A rule of the same name is replaced.
 * @throws AppError INVALID_RULE with every place that has no equal
 */
export async function importRules(
  rules: AlertRules,
  { tenant, keyId }: Caller,
  imported: readonly Imported[],
  { skip, staging }: { skip: boolean; staging: boolean },
): Promise<ImportResult> {
  const skipped = imported.flatMap((item) => ('problem' in item ? [{ name: item.name, path: item.path, detail: item.problem }] : []));
  const [first] = skipped;
  if (first && !skip) {
    const errors = skipped.map(({ path, detail }): ErrorItem => ({ path, code: 'INVALID_RULE', detail }));
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    throw new AppError('INVALID_RULE', `${first.path}: ${first.name}: ${first.detail}${more}; nothing was imported`, { errors });
  }
  const made: StoredRule[] = [];
  for (const item of imported)
    if ('rule' in item) made.push(await rules.replace(tenant, item.name, { ...item.rule, ...(staging ? { staging: true } : {}) }, keyId));
  return { made, skipped };
}
