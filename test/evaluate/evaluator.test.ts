import { expect, test } from 'vitest';
import { World } from './world.ts';

const errors = { name: 'errors', condition: ['>', ['rate', { level: 'error', by: ['service'], window: '1m' }], 10] };
const failing = { level: 'error', severity: 17, service: 'api' } as const;

test('a rule fires with the first window that is due after its errors, and is resolved when they have left its window', async () => {
  const world = new World();
  await world.add(errors);
  world.send(20, { ...failing, count: 11 });
  await world.run(180);
  expect(world.table()).toEqual(['08:00:30 api inactive>firing', '08:01:30 api firing>resolved']);
  expect(world.told[0]).toMatchObject({
    rule: 'errors',
    ruleVersion: 1,
    value: 11,
    labels: { service: 'api' },
    reason: 'rate (level:error) over 1m is 11, > 10',
  });
});
