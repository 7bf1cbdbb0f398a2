import type { Environment } from '../../../lambdas/environment.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { createHotRetention, type HotRetention } from '../../pipeline/retain-hot.ts';
import type { StepRunner } from '../../pipeline/run-steps.ts';
import type { FunctionRuntime } from './function-runtime.ts';
import { type HotEnvironment, openHot } from './open-hot.ts';
import { readGeneration } from './read-generation.ts';

export type HotRetentionEnvironment = HotEnvironment & Environment<'LOGDRIVE_HOT_DAYS' | 'LOGDRIVE_PARTITIONS'>;

const defaultHotDays = 7;

/** Builds the retention of the hot store; undefined where the stage has none. Heads let go of a day before it is deleted, so no query misses it. */
export async function buildHotRetention(
  { env, clock, log }: FunctionRuntime<HotRetentionEnvironment>,
  { state, runner }: { state: StateStore; runner: StepRunner },
): Promise<HotRetention | undefined> {
  const days = openHot(env, clock);
  if (!days) return undefined;
  const { LOGDRIVE_PARTITIONS: partitions, LOGDRIVE_HOT_DAYS: hotDays = defaultHotDays } = env;
  return createHotRetention({ runner, days, generation: await readGeneration(state), partitions, hotDays, clock, log });
}
