import type { Level } from '../core/record.ts';
import { emptySketch } from '../core/windows/sketch.ts';
import { addWindows, dueUs, type Window, windowUs } from '../core/windows/window.ts';
import { type Expression, everything } from '../query/ast/expression.ts';
import type { AggregatePlan, GroupRow, Groups, TimeRange } from '../query/plan.ts';

type Aggregate = (plan: AggregatePlan) => Promise<Groups>;

const maxGroups = 1_000_000;

/**
 * Makes windows from whatever answers aggregates. Minutes that have both records in time and late ones are asked for once more each. Their
 * latencies are not there: no aggregate is a distribution that can be added up.
 */
export async function queryWindows(aggregate: Aggregate, tenant: string, time: TimeRange, latenessUs: number): Promise<Window[]> {
  const ask = async (where: Expression, range: TimeRange): Promise<GroupRow[]> => {
    const { rows } = await aggregate({
      tenant,
      time: range,
      where,
      groupBy: [
        { kind: 'bucket', stepUs: windowUs, as: 'minute' },
        { kind: 'field', field: 'service', as: 'service' },
        { kind: 'field', field: 'level', as: 'level' },
      ],
      aggregates: [
        { fn: 'count', as: 'n' },
        { fn: 'min', field: 'observed_timestamp', as: 'first' },
        { fn: 'max', field: 'observed_timestamp', as: 'last' },
      ],
      orderBy: [],
      limit: maxGroups,
    });
    return rows;
  };
  const fromUs = Math.ceil(time.fromUs / windowUs) * windowUs;
  const toUs = Math.ceil(time.toUs / windowUs) * windowUs;
  const windows: Window[] = [];
  const mixed = new Set<number>();
  for (const row of await ask(everything, { fromUs, toUs })) {
    const window = windowOfRow(row);
    const due = dueUs(window.minuteUs, latenessUs);
    const isAmended = Number(row.last) >= due;
    const isWhollyLate = Number(row.first) >= due;
    if (isAmended && !isWhollyLate) mixed.add(window.minuteUs);
    windows.push({ ...window, late: isWhollyLate ? window.count : 0, amendedUs: isAmended ? Number(row.last) : 0 });
  }
  for (const minuteUs of mixed) {
    const where: Expression = { kind: 'compare', op: '>=', field: 'observed_timestamp', value: dueUs(minuteUs, latenessUs) };
    for (const row of await ask(where, { fromUs: minuteUs, toUs: minuteUs + windowUs })) {
      const { service, level, count } = windowOfRow(row);
      const window = windows.find((item) => item.minuteUs === minuteUs && item.service === service && item.level === level);
      if (window) window.late = count;
    }
  }
  return addWindows(windows);
}

const windowOfRow = (row: GroupRow): Window => ({
  minuteUs: Number(row.minute),
  service: String(row.service),
  level: row.level as Level,
  count: Number(row.n),
  late: 0,
  amendedUs: 0,
  latency: emptySketch,
});
