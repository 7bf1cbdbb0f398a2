import { expect, test } from 'vitest';
import { stderrLog } from '../../adapters/log/stderr.ts';
import { Upkeep } from './upkeep.ts';

test('a chore that fails holds up no other, and one that is stopped begins none', async () => {
  const done: string[] = [];
  const chore = (name: string, fails = false) => ({
    name,
    run: async () => {
      done.push(name);
      if (fails) throw new Error('away');
      return 0;
    },
  });
  const upkeep = new Upkeep([chore('one', true), chore('two')], stderrLog({ level: 'error' }));
  await upkeep.round();
  expect(done).toEqual(['one', 'two']);
  await upkeep.stop();
  await upkeep.round();
  expect(done).toEqual(['one', 'two']);
});
