import type { Clock } from '../../core/clock.ts';
import { dayUs } from '../../core/warm/file.ts';

export type SeriesBudgetDeps = {
  clock: Clock;
  perDay(tenant: string): number;
  /** The series that were taken in since a time, epoch microseconds: a process that begins asks once for each tenant. */
  known(tenant: string, sinceUs: number, atMost: number): Promise<string[]>;
};

type OfDay = { day: number; series: Set<string>; ready: Promise<void> | undefined };

/**
 * Counts the series of each tenant and UTC day, so that a label of many values cannot make the metrics useless for everybody. Known series go on when the
 * budget is spent; new ones are refused until the next day.
 */
export class SeriesBudget {
  readonly #deps: SeriesBudgetDeps;
  readonly #tenants = new Map<string, OfDay>();

  constructor(deps: SeriesBudgetDeps) {
    this.#deps = deps;
  }

  /** Resolves when what the tenant has used today is known, also by former processes. */
  async ready(tenant: string): Promise<void> {
    const { known, perDay } = this.#deps;
    const today = this.#today(tenant);
    today.ready ??= known(tenant, today.day * dayUs, perDay(tenant)).then(
      (series) => {
        for (const one of series) today.series.add(one);
      },
      // The store does not answer: counting begins anew, and metrics go on.
      () => {},
    );
    await today.ready;
  }

  admits(tenant: string, series: string): boolean {
    const { series: seen } = this.#today(tenant);
    if (seen.has(series)) return true;
    if (seen.size >= this.#deps.perDay(tenant)) return false;
    seen.add(series);
    return true;
  }

  #today(tenant: string): OfDay {
    const day = Math.floor((this.#deps.clock.nowMs() * 1_000) / dayUs);
    const known = this.#tenants.get(tenant);
    if (known?.day === day) return known;
    const fresh: OfDay = { day, series: new Set(), ready: undefined };
    this.#tenants.set(tenant, fresh);
    return fresh;
  }
}
