import type { StoredRecord } from '../../../core/record.ts';
import type { SearchPlan } from '../../plan.ts';
import { matcherOf } from './matcher.ts';
import { compareSortKeys, isVisible } from './visible.ts';

/** Answers a list query from records, one by one: what every engine must answer. */
export function searchRecords(records: Iterable<StoredRecord>, plan: SearchPlan): StoredRecord[] {
  const matches = matcherOf(plan.where);
  const direction = plan.order === 'desc' ? -1 : 1;
  return [...records]
    .filter(
      (record) =>
        record.tenant === plan.tenant &&
        record.timestamp >= plan.time.fromUs &&
        record.timestamp < plan.time.toUs &&
        isVisible(record, plan.snapshot, plan.positions) &&
        (plan.after === undefined || compareSortKeys(record, plan.after) * direction > 0) &&
        matches(record),
    )
    .sort((a, b) => compareSortKeys(a, b) * direction)
    .slice(0, plan.limit);
}
