import type { StorageSettings } from '../stage-settings.ts';
import { assumptions } from './load.ts';

export type Tiers = { standard: number; glacier: number; deep: number };

/** GB of files in each storage class when a stage has run for so many months: the youngest days are in S3 Standard. */
export function filesAfter(storage: StorageSettings, gbPerDay: number, months: number): Tiers {
  const { warmDays, glacierAfterDays, deepArchiveAfterDays } = storage;
  const perDay = gbPerDay * assumptions.warmRatio;
  const kept = Math.min(months * assumptions.daysPerMonth, warmDays);
  const untilGlacier = glacierAfterDays > 0 ? Math.min(kept, glacierAfterDays) : kept;
  const untilDeep = deepArchiveAfterDays > 0 ? Math.min(kept, deepArchiveAfterDays) : kept;
  return {
    standard: perDay * untilGlacier,
    glacier: perDay * Math.max(0, untilDeep - untilGlacier),
    deep: perDay * Math.max(0, kept - untilDeep),
  };
}
