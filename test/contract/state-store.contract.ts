import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { maxStateBytes, maxStateWrites, type StateStore } from '../../src/core/ports/state-store.ts';

/** What every StateStore keeps to. `reopen` gives a store over the same data, where there is any outside the process. */
export function describeStateStore(name: string, open: () => Promise<StateStore>, reopen?: () => Promise<StateStore>): void {
  describe(`StateStore: ${name}`, () => {
    let store: StateStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    test('a key is absent until it is written, then has its value and a version', async () => {
      expect(await store.get('a')).toBeUndefined();
      const version = await store.compareAndSet('a', 0, { list: [1, null, 'ä'] });
      expect(version).toBeGreaterThan(0);
      expect(await store.get('a')).toEqual({ value: { list: [1, null, 'ä'] }, version });
    });

    test('a write holds only at the version that was read', async () => {
      const first = (await store.compareAndSet('a', 0, 1))!;
      expect(await store.compareAndSet('a', 0, 2)).toBeUndefined();
      const second = (await store.compareAndSet('a', first, 2))!;
      expect(second).not.toBe(first);
      expect(await store.compareAndSet('a', first, 3)).toBeUndefined();
      expect((await store.get('a'))?.value).toBe(2);
    });

    test('a key that was deleted and made again never has a former version', async () => {
      const first = (await store.compareAndSet('a', 0, 1))!;
      expect(await store.transact([{ key: 'a', version: first, value: undefined }])).toBe(true);
      expect(await store.get('a')).toBeUndefined();
      expect(await store.compareAndSet('a', 0, 1)).not.toBe(first);
      expect(await store.compareAndSet('a', first, 2)).toBeUndefined();
    });

    test('of writers at once on one version exactly one wins', async () => {
      const version = (await store.compareAndSet('n', 0, 0))!;
      const won = await Promise.all(Array.from({ length: 20 }, (_, i) => store.compareAndSet('n', version, i)));
      expect(won.filter((result) => result !== undefined)).toHaveLength(1);
      expect((await store.get('n'))?.value).toBe(won.findIndex((result) => result !== undefined));
    });

    test('a transaction writes all of its keys or none', async () => {
      const version = (await store.compareAndSet('a', 0, 1))!;
      expect(
        await store.transact([
          { key: 'b', version: 0, value: 1 },
          { key: 'a', version: version + 1000, value: 2 },
        ]),
      ).toBe(false);
      expect(await store.get('b')).toBeUndefined();
      expect(
        await store.transact([
          { key: 'b', version: 0, value: 1 },
          { key: 'a', version, value: undefined },
        ]),
      ).toBe(true);
      expect(await store.get('a')).toBeUndefined();
      expect((await store.get('b'))?.value).toBe(1);
    });

    test('keys with a prefix are listed in byte order', async () => {
      for (const key of ['p/b', 'p/a/1', 'p/a', 'q/a', 'p', 'p/B']) await store.compareAndSet(key, 0, key);
      expect((await store.list('p/')).map(({ key, value }) => [key, value])).toEqual([
        ['p/B', 'p/B'],
        ['p/a', 'p/a'],
        ['p/a/1', 'p/a/1'],
        ['p/b', 'p/b'],
      ]);
    });

    test('what is known already is given back as it is while it is current', async () => {
      const version = (await store.compareAndSet('a', 0, { deep: 1 }))!;
      const known = (await store.get('a'))!;
      expect(await store.get('a', known)).toBe(known);
      await store.compareAndSet('a', version, { deep: 2 });
      expect((await store.get('a', known))?.value).toEqual({ deep: 2 });
    });

    test('a value that changes after the write is not changed in the store', async () => {
      const value = { list: [1] };
      await store.compareAndSet('a', 0, value);
      value.list.push(2);
      expect((await store.get('a'))?.value).toEqual({ list: [1] });
    });

    test('a value or a transaction past the limits is refused', async () => {
      expect(await store.compareAndSet('a', 0, 'x'.repeat(maxStateBytes - 2))).toBeGreaterThan(0);
      await expect(store.compareAndSet('b', 0, 'x'.repeat(maxStateBytes))).rejects.toThrow('at most');
      const writes = Array.from({ length: maxStateWrites + 1 }, (_, i) => ({ key: `k${i}`, version: 0, value: i }));
      await expect(store.transact(writes)).rejects.toThrow('at most');
      expect(await store.transact(writes.slice(1))).toBe(true);
    });

    if (!reopen) return;
    test('what was written is there for whoever opens the same data, now or later', async () => {
      const version = (await store.compareAndSet('a', 0, 1))!;
      const other = await reopen();
      expect(await other.get('a')).toEqual({ value: 1, version });
      expect(await other.compareAndSet('a', version, 2)).toBeGreaterThan(version);
      expect(await store.compareAndSet('a', version, 3)).toBeUndefined();
      await other.close();
    });
  });
}
