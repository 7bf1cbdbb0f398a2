import { expect, test } from 'vitest';
import { ClientIds } from './client-ids.ts';

const holderOf = (...ids: string[]) => ({ clientIds: new Set(ids) });

test('an id is taken in memory by any holder, or in a file', async () => {
  const ids = new ClientIds(async () => new Set(['in-file']));
  ids.hold(holderOf('here'));
  ids.hold(holderOf('there'));
  const taken = await ids.taken('acme', ['in-file', 'here', 'there', 'free']);
  expect(['in-file', 'here', 'there', 'free'].map(taken.has)).toEqual([true, true, true, false]);
});

test('a holder whose rows are committed while files are looked into is still asked', async () => {
  let answer = (_: Set<string>) => {};
  const ids = new ClientIds(() => new Promise((resolve) => (answer = resolve)));
  const before = holderOf('a');
  ids.hold(before);
  const asked = ids.taken('acme', ['a', 'b', 'c']);
  const meanwhile = holderOf('b');
  ids.hold(meanwhile);
  ids.release(before);
  ids.release(meanwhile);
  answer(new Set());
  const taken = await asked;
  const after = holderOf();
  ids.hold(after);
  expect(['a', 'b', 'c'].map(taken.has)).toEqual([true, true, false]);
  after.clientIds.add('c');
  expect(taken.has('c')).toBe(true);
  taken.end();
});

test('an answer that has ended is not told of later rows, and files are not asked for nothing', async () => {
  let looks = 0;
  const ids = new ClientIds(async () => {
    looks++;
    return new Set();
  });
  const none = await ids.taken('acme', []);
  expect([none.has('a'), looks]).toEqual([false, 0]);
  none.end();
  const taken = await ids.taken('acme', ['a', 'a']);
  taken.end();
  ids.hold(holderOf('a'));
  expect([taken.has('a'), looks]).toEqual([false, 1]);
});

test('files that cannot be read fail the question', async () => {
  const ids = new ClientIds(() => Promise.reject(new Error('no files')));
  await expect(ids.taken('acme', ['a'])).rejects.toThrow('no files');
});
