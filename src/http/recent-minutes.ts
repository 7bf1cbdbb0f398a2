import { formatTime } from '../core/time.ts';
import type { Platform } from '../pipeline/platform.ts';
import type { Expression } from '../query/ast/expression.ts';
import { durationText } from '../query/ast/time.ts';
import type { HttpOptions } from './options.ts';

const minuteUs = 60_000_000;
const isError = (level: unknown): boolean => level === 'error' || level === 'fatal';

/** Counts the last `windowUs` (by event time) of a tenant, by service, level and minute, and as rates a minute. */
export async function recentMinutes(
  platform: Platform,
  { clock }: HttpOptions,
  tenant: string,
  windowUs: number,
  where: Expression,
): Promise<Record<string, unknown>> {
  const toUs = clock.nowMs() * 1000;
  const fromUs = toUs - windowUs;
  const { rows } = await platform.store.aggregate({
    tenant,
    time: { fromUs, toUs },
    where,
    groupBy: [
      { kind: 'bucket', stepUs: minuteUs, as: 'minute' },
      { kind: 'field', field: 'service', as: 'service' },
      { kind: 'field', field: 'level', as: 'level' },
    ],
    aggregates: [{ fn: 'count', as: 'n' }],
    orderBy: [['minute', 'asc']],
    limit: 100_000,
  });
  const total = { count: 0, errors: 0 };
  const minutes = new Map<number, { count: number; errors: number }>();
  const byService: Record<string, number> = {};
  const byLevel: Record<string, number> = {};
  const errorsByService: Record<string, number> = {};
  for (const row of rows) {
    const [minute, service, level, n] = [Number(row.minute), String(row.service), String(row.level), Number(row.n)];
    const errors = isError(level) ? n : 0;
    const bucket = minutes.get(minute) ?? { count: 0, errors: 0 };
    minutes.set(minute, { count: bucket.count + n, errors: bucket.errors + errors });
    total.count += n;
    total.errors += errors;
    byService[service] = (byService[service] ?? 0) + n;
    byLevel[level] = (byLevel[level] ?? 0) + n;
    if (errors > 0) errorsByService[service] = (errorsByService[service] ?? 0) + errors;
  }
  const perMinute = (n: number) => Math.round((n * minuteUs * 100) / windowUs) / 100;
  return {
    window: durationText(windowUs),
    from: formatTime(fromUs),
    to: formatTime(toUs),
    total: total.count,
    records_per_minute: perMinute(total.count),
    errors_per_minute: perMinute(total.errors),
    by_service: byService,
    by_level: byLevel,
    errors_by_service: errorsByService,
    minutes: [...minutes].map(([minute, bucket]) => ({ minute: formatTime(minute), ...bucket })),
  };
}
