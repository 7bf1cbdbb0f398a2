import { allOf } from '../../query/ast/expression.ts';
import type { Absence, RuleValue } from '../rule/rule.ts';
import type { Want } from '../windows/share-scans.ts';
import type { Family } from '../windows/window-source.ts';

/** What a value reads of the store: one family, or two where it is a share. */
export function wantsOf(value: RuleValue): Want[] {
  const { fn, from: signal, where, by, windowUs, field, part, historyUs = 0 } = value;
  const base = { signal, where, by };
  const want = (family: Family): Want => ({ family, keepUs: windowUs + historyUs, seenUs: windowUs + historyUs });
  if (fn === 'ratio') {
    const whole: Family = { ...base, shape: { kind: 'count' } };
    return [want(whole), want({ ...whole, where: allOf(where, part) })];
  }
  if (fn === 'percentile' || fn === 'distinct')
    return [want({ ...base, shape: { kind: 'values', field: field!, isNumeric: fn === 'percentile' } })];
  if (field !== undefined) return [want({ ...base, shape: { kind: 'totals', field } })];
  return [want({ ...base, shape: { kind: 'count' } })];
}

export const wantOfAbsence = ({ from: signal, where, by, windowUs, seenUs }: Absence): Want => ({
  family: { signal, where, by, shape: { kind: 'count' } },
  keepUs: windowUs,
  seenUs,
});
