import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockCache } from './block-cache.ts';
import { S3Object } from './s3-object.ts';

const content = randomBytes(10_000);

/** An object whose requests take a turn of the event loop, and fail where `fails` says so. */
function opened({ tailBytes = 100, blockBytes = 64, maxBytes = 1_000, fails = () => false }: Partial<Options> = {}) {
  const requests: [from: number, to: number][] = [];
  const read = async (from: number, to: number) => {
    requests.push([from, to]);
    await new Promise((resolve) => setImmediate(resolve));
    if (fails()) throw new Error('cut off');
    return content.subarray(from, to);
  };
  const cache = new BlockCache({ maxBytes, blockBytes });
  return { requests, object: new S3Object(content.subarray(content.length - tailBytes), content.length, read, cache) };
}
type Options = { tailBytes: number; blockBytes: number; maxBytes: number; fails: () => boolean };

const range = fc.tuple(fc.nat(content.length + 50), fc.nat(3_000));
const rounds = fc.array(fc.array(range, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 });

test('gives the bytes of any ranges, asked for together or one after the other, whatever its cache holds', async () => {
  const options = fc.record({
    tailBytes: fc.constantFrom(1, 100, 9_999, 10_000),
    blockBytes: fc.constantFrom(7, 64, 1_000, 20_000),
    maxBytes: fc.constantFrom(1, 200, 100_000),
  });
  await fc.assert(
    fc.asyncProperty(options, rounds, async (given, asked) => {
      const { object } = opened(given);
      for (const together of asked) {
        const found = await Promise.all(together.map(([from, length]) => object.read(from, length)));
        for (const [i, [from, length]] of together.entries())
          expect(Buffer.compare(found[i]!, content.subarray(from, from + length))).toBe(0);
      }
      object.close();
    }),
  );
});

test('asks for no block twice at once, also when the cache is smaller than what is asked for', async () => {
  const { object, requests } = opened({ maxBytes: 128 });
  await Promise.all([object.read(0, 5_000), object.read(0, 5_000), object.read(2_000, 100)]);
  const bytes = requests.reduce((total, [from, to]) => total + to - from, 0);
  expect(requests).toHaveLength(1);
  expect(bytes).toBeLessThan(5_200);
});

test('a failure fails those who wait, and is forgotten', async () => {
  let left = 1;
  const { object } = opened({ fails: () => left-- > 0 });
  const both = await Promise.allSettled([object.read(0, 10), object.read(20, 10)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(Buffer.compare(await object.read(0, 10), content.subarray(0, 10))).toBe(0);
});

test('a closed object leaves the cache to others', async () => {
  const cache = new BlockCache({ maxBytes: 640, blockBytes: 64 });
  const read = async (from: number, to: number) => content.subarray(from, to);
  const [one, other] = [1, 2].map(() => new S3Object(new Uint8Array(0), content.length, read, cache));
  await one!.read(0, 64);
  await other!.read(0, 64);
  one!.close();
  expect(other!.read(0, 64)).toBeInstanceOf(Uint8Array);
  expect(one!.read(0, 64)).toBeInstanceOf(Promise);
});
