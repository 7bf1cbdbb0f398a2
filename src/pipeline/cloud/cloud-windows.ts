import { windowsKeptUs } from '../../core/windows/window.ts';
import type { AggregatePlan, Groups } from '../../query/plan.ts';
import { createStoredWindows } from '../aggregate/stored-windows.ts';
import { queryWindows } from '../query-windows.ts';
import type { StoreApi } from '../store-api.ts';
import { createQuietWatermark } from './cloud-watermark.ts';
import type { CloudStoreDeps } from './types.ts';

const defaultLatenessUs = 30_000_000;

/** The windows of the stores on services: those that the aggregate sink keeps, where there is one; else, and of minutes that it keeps no longer, from what the stores answer. */
export function createCloudWindows(
  { state, runner, generation, partitions, queue, clock, windows }: CloudStoreDeps,
  { aggregate, hasOpen }: { aggregate(plan: AggregatePlan): Promise<Groups>; hasOpen(): Promise<boolean> },
): Pick<StoreApi, 'windows' | 'watermark'> {
  const latenessUs = windows?.latenessUs ?? defaultLatenessUs;
  if (!windows?.kept) {
    const watermarkUs = createQuietWatermark(hasOpen, clock);
    return {
      watermark: async () => ({ us: await watermarkUs(), latenessUs }),
      windows: (tenant, time) => queryWindows(aggregate, tenant, time, latenessUs),
    };
  }
  const stored = createStoredWindows({ state, runner, generation, partitions, latenessUs, clock, ranges: () => queue.ranges() });
  return {
    watermark: stored.watermark,
    windows: (tenant, time) =>
      time.fromUs > clock.nowMs() * 1_000 - windowsKeptUs
        ? stored.windows(tenant, time)
        : queryWindows(aggregate, tenant, time, latenessUs),
  };
}
