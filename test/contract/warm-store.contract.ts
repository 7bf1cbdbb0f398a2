import { beforeEach, describe, expect, test } from 'vitest';
import type { WarmStore } from '../../src/core/ports/warm-store.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content: Uint8Array) => new TextDecoder().decode(content);
const notFound = expect.objectContaining({ code: 'NOT_FOUND' });

/** What every WarmStore keeps to. */
export function describeWarmStore(name: string, open: () => Promise<WarmStore>): void {
  describe(`WarmStore: ${name}`, () => {
    let store: WarmStore;
    beforeEach(async () => {
      store = await open();
    });

    test('an object is its parts one behind the other', async () => {
      expect(await store.putIfAbsent('level0/p0/a.parquet', [bytes('one '), new Uint8Array(0), bytes('two')])).toBe(true);
      expect(text(await store.get('level0/p0/a.parquet'))).toBe('one two');
    });

    test('a name that is taken keeps what it has', async () => {
      await store.putIfAbsent('a/x.parquet', [bytes('first')]);
      expect(await store.putIfAbsent('a/x.parquet', [bytes('second')])).toBe(false);
      expect(text(await store.get('a/x.parquet'))).toBe('first');
    });

    test('of puts of one name at once exactly one is told that it was the first', async () => {
      const results = await Promise.all(Array.from({ length: 5 }, () => store.putIfAbsent('a/y.parquet', [bytes('same')])));
      expect(results.filter(Boolean)).toHaveLength(1);
      expect(text(await store.get('a/y.parquet'))).toBe('same');
    });

    test('replace writes an object anew', async () => {
      await store.replace('analytics/2026-11-21/summary_08.json', [bytes('{}')]);
      await store.replace('analytics/2026-11-21/summary_08.json', [bytes('{"total":1}')]);
      expect(text(await store.get('analytics/2026-11-21/summary_08.json'))).toBe('{"total":1}');
    });

    test('an object may be written as its bytes are made', async () => {
      await store.replace(
        's.json',
        (async function* () {
          yield bytes('one ');
          yield bytes('two');
        })(),
      );
      expect(text(await store.get('s.json'))).toBe('one two');
    });

    test('a range is read from where it begins, and not beyond the end', async () => {
      await store.putIfAbsent('r.parquet', [bytes('0123456789')]);
      const object = await store.open('r.parquet');
      expect(object.size).toBe(10);
      expect(text(await object.read(3, 4))).toBe('3456');
      expect(text(await object.read(8, 10))).toBe('89');
      object.close();
    });

    test('an absent object is an error that says so; removing it is none', async () => {
      await expect(store.get('no/such.parquet')).rejects.toEqual(notFound);
      await expect(store.open('no/such.parquet')).rejects.toEqual(notFound);
      await store.remove('no/such.parquet');
    });

    test('a removed object is gone and its name is free', async () => {
      await store.putIfAbsent('a/z.parquet', [bytes('1')]);
      await store.remove('a/z.parquet');
      await expect(store.get('a/z.parquet')).rejects.toEqual(notFound);
      expect(await store.putIfAbsent('a/z.parquet', [bytes('2')])).toBe(true);
    });

    test('names are listed by prefix in byte order, with their sizes', async () => {
      for (const object of ['tenant=a/dt=1/x.parquet', 'tenant=a/dt=2/y.parquet', 'tenant=a-b/dt=1/z.parquet', 'level0/p0/w.parquet'])
        await store.putIfAbsent(object, [bytes(object)]);
      expect(await store.list('tenant=a/')).toEqual([
        { name: 'tenant=a/dt=1/x.parquet', bytes: 23 },
        { name: 'tenant=a/dt=2/y.parquet', bytes: 23 },
      ]);
      expect((await store.list('')).map((object) => object.name)).toEqual([
        'level0/p0/w.parquet',
        'tenant=a-b/dt=1/z.parquet',
        'tenant=a/dt=1/x.parquet',
        'tenant=a/dt=2/y.parquet',
      ]);
      expect((await store.list('tenant=a/dt=1/x')).map((object) => object.name)).toEqual(['tenant=a/dt=1/x.parquet']);
      expect(await store.list('nothing/')).toEqual([]);
    });
  });
}
