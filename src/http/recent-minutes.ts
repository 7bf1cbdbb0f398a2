import { formatTime } from '../core/time.ts';
import { percentileOfSketch, SketchBuilder } from '../core/windows/sketch.ts';
import { dueUs, type Window, windowOf } from '../core/windows/window.ts';
import type { Platform } from '../pipeline/platform.ts';
import { everything } from '../query/ast/expression.ts';
import { durationText } from '../query/ast/time.ts';
import type { HttpOptions } from './options.ts';

const minuteUs = 60_000_000;
const isError = (level: unknown): boolean => level === 'error' || level === 'fatal';
const perMinute = (n: number, spanUs: number): number => Math.round((n * minuteUs * 100) / spanUs) / 100;

/**
 * What happens now: the last `spanUs` (by event time) of a tenant to the second, by service and level; and the windows of its minutes, with what came
 * late, how far they are complete, and how long things took.
 */
export async function recentMinutes(
  { store }: Platform,
  { clock }: HttpOptions,
  tenant: string,
  spanUs: number,
): Promise<Record<string, unknown>> {
  const toUs = clock.nowMs() * 1000;
  const fromUs = toUs - spanUs;
  const watermark = await store.watermark();
  const [{ rows }, windows] = await Promise.all([
    store.aggregate({
      tenant,
      time: { fromUs, toUs },
      where: everything,
      groupBy: [
        { kind: 'field', field: 'service', as: 'service' },
        { kind: 'field', field: 'level', as: 'level' },
      ],
      aggregates: [{ fn: 'count', as: 'n' }],
      orderBy: [],
      limit: 100_000,
    }),
    store.windows(tenant, { fromUs: windowOf(fromUs), toUs }),
  ]);
  const total = { count: 0, errors: 0 };
  const byService: Record<string, number> = {};
  const byLevel: Record<string, number> = {};
  const errorsByService: Record<string, number> = {};
  for (const row of rows) {
    const [service, level, n] = [String(row.service), String(row.level), Number(row.n)];
    total.count += n;
    byService[service] = (byService[service] ?? 0) + n;
    byLevel[level] = (byLevel[level] ?? 0) + n;
    if (!isError(level)) continue;
    total.errors += n;
    errorsByService[service] = (errorsByService[service] ?? 0) + n;
  }
  return {
    window: durationText(spanUs),
    from: formatTime(fromUs),
    to: formatTime(toUs),
    total: total.count,
    records_per_minute: perMinute(total.count, spanUs),
    errors_per_minute: perMinute(total.errors, spanUs),
    by_service: byService,
    by_level: byLevel,
    errors_by_service: errorsByService,
    latency_by_service: latencies(windows),
    watermark: watermark.us > 0 ? formatTime(watermark.us) : null,
    lateness_s: watermark.latenessUs / 1e6,
    minutes: [...Map.groupBy(windows, (window) => window.minuteUs)].map(([minute, of]) => ({
      minute: formatTime(minute),
      ...minuteOf(of),
      complete: watermark.us >= dueUs(minute, watermark.latenessUs),
    })),
  };
}

function minuteOf(windows: Window[]): Record<string, unknown> {
  const sum = (of: (window: Window) => number) => windows.reduce((n, window) => n + of(window), 0);
  const amendedUs = Math.max(0, ...windows.map((window) => window.amendedUs));
  return {
    count: sum(({ count }) => count),
    errors: sum(({ level, count }) => (isError(level) ? count : 0)),
    late: sum(({ late }) => late),
    amended_at: amendedUs > 0 ? formatTime(amendedUs) : null,
  };
}

function latencies(windows: Window[]): Record<string, unknown> {
  const sketches = new Map<string, SketchBuilder>();
  for (const { service, latency } of windows) {
    if (latency.count === 0) continue;
    const sketch = sketches.get(service) ?? new SketchBuilder();
    sketches.set(service, sketch);
    sketch.merge(latency);
  }
  const entries = [...sketches].map(([service, builder]) => {
    const sketch = builder.build();
    const p = (percent: number) => percentileOfSketch(sketch, percent);
    return [service, { count: sketch.count, avg: sketch.sum / sketch.count, p50: p(50), p95: p(95), p99: p(99), max: sketch.max }];
  });
  return Object.fromEntries(entries);
}
