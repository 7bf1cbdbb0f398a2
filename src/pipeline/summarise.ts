import { everything } from '../query/ast/expression.ts';
import type { AggregatePlan, Groups } from '../query/plan.ts';
import { type Derivation, hourRange, hourText, type TenantHour } from './derive.ts';

/** The hour's statistics: `summary_HH.json`. Values of each map are counts, the most frequent first. `hour` as `2026-11-21T08`. */
export type HourSummary = {
  hour: string;
  total: number;
  by_service: Record<string, number>;
  by_level: Record<string, number>;
  by_path: Record<string, number>;
  by_user_agent: Record<string, number>;
};

export type Aggregator = (plan: AggregatePlan) => Promise<Groups>;

/** More distinct paths or user agents than this are left out, the rarest first. */
const maxGroups = 1_000;

/** Counts one hour of a tenant. */
export async function summarise(place: TenantHour, aggregate: Aggregator): Promise<HourSummary> {
  const count = async (...fields: string[]): Promise<Record<string, number>> => {
    const sums = new Map<string, number>();
    for (const field of fields) {
      for (const { value, n } of await countBy(place, field, aggregate)) sums.set(value, (sums.get(value) ?? 0) + n);
    }
    const sorted = [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    return Object.fromEntries(sorted.slice(0, maxGroups));
  };
  const byLevel = await count('level');
  return {
    hour: `${place.day}T${hourText(place.hour)}`,
    total: Object.values(byLevel).reduce((sum, n) => sum + n, 0),
    by_service: await count('service'),
    by_level: byLevel,
    by_path: await count('attributes.path'),
    by_user_agent: await count('attributes.user_agent', 'attributes.userAgent'),
  };
}

async function countBy(place: TenantHour, field: string, aggregate: Aggregator): Promise<{ value: string; n: number }[]> {
  const { rows } = await aggregate({
    tenant: place.tenant,
    time: hourRange(place),
    where: everything,
    groupBy: [{ kind: 'field', field, as: 'value' }],
    aggregates: [{ fn: 'count', as: 'n' }],
    orderBy: [['n', 'desc']],
    limit: 10_000,
  });
  return rows.flatMap(({ value, n }) => (value === null || value === undefined ? [] : [{ value: String(value), n: Number(n) }]));
}

/** The object of an hour's summary, in its tenant's folder. */
export const summaryName = ({ tenant, day, hour }: TenantHour): string =>
  `tenant=${tenant}/analytics/${day}/summary_${hourText(hour)}.json`;

/** Hourly summaries. They stay when the records of their hour are gone. */
export const summaries = (aggregate: Aggregator): Derivation => ({
  kind: 'analytics',
  nameOf: summaryName,
  expires: false,
  make: async (place) => [new TextEncoder().encode(`${JSON.stringify(await summarise(place, aggregate), undefined, 2)}\n`)],
});
