import { expect, test } from 'vitest';
import { loadConfig } from '../src/config/load-config.ts';
import { defaultLimits } from '../src/pipeline/accept/types.ts';

test('the limits that accept takes by itself are those of the configuration', () => {
  expect(loadConfig({ cwd: '/' }).limits).toEqual(defaultLimits);
});
