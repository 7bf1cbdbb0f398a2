import { systemClock } from '../../core/clock.ts';
import { createKeys } from '../../pipeline/keys.ts';
import type { Keys } from '../../pipeline/platform.ts';
import { openState } from './open-state.ts';

/** Opens the API keys of a deployed stage, in its table, with the AWS credentials of whoever runs the command: how a first or lost key is made. */
export async function openStageKeys(table: string): Promise<{ keys: Keys; close(): Promise<void> }> {
  const state = openState({ LOGDRIVE_TABLE: table });
  return { keys: createKeys({ state, clock: systemClock }), close: () => state.close() };
}
