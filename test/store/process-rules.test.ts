import { expect, test } from 'vitest';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import type { ProcessConfig } from '../../src/core/processor.ts';
import { processRulesKey, versionedRules } from '../../src/pipeline/process-rules.ts';

const rules = (...steps: ProcessConfig['steps']): ProcessConfig => ({ version: 1, parse: 'auto', steps });
const drop = (service: string) => ({ use: 'drop', when: { field: 'service', equals: service } });

test('the same rules keep their version over every start', async () => {
  const state = new MemoryStateStore();
  const versions = [];
  for (let start = 0; start < 3; start++) versions.push((await versionedRules(state, rules(drop('a')))).version);
  expect(versions).toEqual([1, 1, 1]);
});

test('changed rules get the next version, also when they go back to what was before; the former stay as they were', async () => {
  const state = new MemoryStateStore();
  const versions = [];
  for (const given of [rules(drop('a')), rules(drop('b')), rules(drop('a')), rules(drop('a'))]) {
    versions.push((await versionedRules(state, given)).version);
  }
  expect(versions).toEqual([1, 2, 3, 3]);
  const stored = await Promise.all([1, 2, 3].map(async (version) => (await state.get<ProcessConfig>(processRulesKey(version)))?.value));
  expect(stored).toEqual([rules(drop('a')), { ...rules(drop('b')), version: 2 }, { ...rules(drop('a')), version: 3 }]);
});
