import type { Environment } from '../../../lambdas/environment.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { WarmStore } from '../../core/ports/warm-store.ts';
import { version } from '../../core/version.ts';
import { createProcessing } from '../../pipeline/deliver/processing.ts';
import type { DeliverDeps } from '../../pipeline/deliver/types.ts';
import { versionedRules } from '../../pipeline/process-rules.ts';
import { StepRunner } from '../../pipeline/run-steps.ts';
import type { FunctionRuntime } from './function-runtime.ts';
import { readExtents } from './log-extents.ts';
import { openDeadLetters } from './open-dead-letters.ts';
import { openFiles } from './open-files.ts';
import { openState } from './open-state.ts';
import { type FunctionSettings, readSettings } from './settings.ts';

export type SinkEnvironment = Environment<'LOGDRIVE_TABLE' | 'LOGDRIVE_SETTINGS' | 'LOGDRIVE_BUCKET' | 'LOGDRIVE_DLQ_URL'>;

export type SinkParts = { deps: DeliverDeps; state: StateStore; warm: WarmStore; settings: FunctionSettings };

/** Builds what every sink needs: progress in the table, dead letters, the rules, and how far the log reaches. */
export async function buildSinkParts({ env, clock, log }: FunctionRuntime<SinkEnvironment>): Promise<SinkParts> {
  const settings = readSettings(env.LOGDRIVE_SETTINGS);
  const state = openState(env);
  const warm = openFiles(env);
  const rules = await versionedRules(state, settings.process);
  const extents = readExtents(state, clock);
  const deps: DeliverDeps = {
    ...{ state, clock, log, codeVersion: version },
    runner: new StepRunner(state, warm),
    deadLetters: openDeadLetters(env, clock),
    processing: createProcessing({ state, rules, maskSettings: (tenant) => settings.of(tenant).mask, clock, log }),
    extentOf: (generation, partition) => extents.of(generation, partition),
  };
  return { deps, state, warm, settings };
}
