import type { StateStore } from '../core/ports/state-store.ts';
import type { ProcessConfig } from '../core/processor.ts';

/** Where the process rules of a version are kept, so that records still in the queue meet the rules they were accepted under. */
export const processRulesKey = (version: number): string => `process/rules/${version}`;

const newestKey = 'process/newest';

/** Gives rules a version: that of the newest where they are the same, the next where they have changed. */
export async function versionedRules(state: StateStore, rules: ProcessConfig): Promise<ProcessConfig> {
  const newest = await state.get<number>(newestKey);
  const stored = newest && (await state.get<ProcessConfig>(processRulesKey(newest.value)));
  if (stored && JSON.stringify({ ...stored.value, version: 0 }) === JSON.stringify({ ...rules, version: 0 })) return stored.value;
  const version = (newest?.value ?? 0) + 1;
  const versioned = { ...rules, version };
  const known = await state.get(processRulesKey(version));
  await state.transact([
    { key: processRulesKey(version), version: known?.version ?? 0, value: versioned },
    { key: newestKey, version: newest?.version ?? 0, value: version },
  ]);
  return versioned;
}
