import type { MetricAnswer, MetricPlan, Rollups, Searching } from './query-metrics.ts';

/** Answers a plan; what it takes is loaded with the first one. */
export const measured = async (search: Searching, plan: MetricPlan, rollups?: Rollups): Promise<MetricAnswer> =>
  (await import('./query-metrics.ts')).queryMetrics(search, plan, rollups);
