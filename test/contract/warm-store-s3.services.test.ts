import { createHash, randomBytes } from 'node:crypto';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { s3Client } from '../../src/adapters/warm/s3/client.ts';
import { type S3WarmOptions, S3WarmStore } from '../../src/adapters/warm/s3/s3-warm-store.ts';
import { encodeTable } from '../../src/columnar/encode.ts';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { openPart } from '../../src/columnar/part.ts';
import { search } from '../../src/columnar/search.ts';
import { tableOf } from '../columnar/arbitrary.ts';
import { aws, endpointOf, makeBucket } from './aws-bench.ts';
import { FaultyProxy, type Seen, seeded } from './faulty-proxy.ts';
import { describeWarmStore } from './warm-store.contract.ts';

const mib = 2 ** 20;
const bytes = (text: string) => new TextEncoder().encode(text);
const digest = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

describe.skipIf(!aws)('S3', () => {
  let proxy: FaultyProxy;
  let bucket = '';
  const opened: ReturnType<typeof s3Client>[] = [];
  const openAt = (options: Partial<S3WarmOptions> = {}, endpoint?: string, attemptTimeoutMs = 10_000) => {
    const client = s3Client({ ...endpointOf(endpoint), attempts: 3, attemptTimeoutMs });
    opened.push(client);
    return new S3WarmStore({ client, bucket, ...options });
  };
  beforeAll(async () => {
    proxy = await FaultyProxy.start(aws!.endpoint);
    bucket = await makeBucket();
  });
  beforeEach(() => proxy.reset());
  afterAll(async () => {
    for (const client of opened) client.destroy();
    await proxy.close();
  });

  let stores = 0;
  describeWarmStore('s3', async () => openAt({ prefix: `contract-${stores++}/` }));

  test('names are as a folder has them, and a prefix keeps to itself', async () => {
    const store = openAt({ prefix: 'here/' });
    for (const name of ['../x.parquet', '/x.parquet', 'a//x.parquet', 'a/x', '.x.parquet'])
      await expect(store.putIfAbsent(name, [])).rejects.toThrow('no name of an object');
    await store.putIfAbsent('a/x.parquet', [bytes('1')]);
    expect(await openAt({ prefix: 'there/' }).list('')).toEqual([]);
    expect(await openAt().list('here/')).toEqual([{ name: 'here/a/x.parquet', bytes: 1 }]);
    expect(() => openAt({ prefix: 'no-slash' })).toThrow('must end with "/"');
  });

  test('a large object goes in parts, whole, once, and leaves nothing half sent', async () => {
    const store = openAt({ prefix: 'large/', partBytes: 5 * mib }, proxy.endpoint);
    const content = randomBytes(11 * mib + 7);
    const parts = [content.subarray(0, 3), content.subarray(3, 8 * mib), content.subarray(8 * mib)];
    expect(await store.putIfAbsent('a.parquet', parts)).toBe(true);
    expect(proxy.seen.map(({ operation }) => operation).sort()).toEqual(['POST', 'POST', 'PUT', 'PUT', 'PUT']);
    expect(digest(await store.get('a.parquet'))).toBe(digest(content));
    expect(await store.putIfAbsent('a.parquet', [bytes('short')])).toBe(false);
    expect(await store.putIfAbsent('a.parquet', [content])).toBe(false);
    async function* made() {
      for (let from = 0; from < content.length; from += 700_001) yield content.subarray(from, from + 700_001);
    }
    await store.replace('b.ndjson', made());
    expect(digest(await store.get('b.ndjson'))).toBe(digest(content));
    async function* failing() {
      yield content;
      throw new Error('the maker failed');
    }
    await expect(store.replace('b.ndjson', failing())).rejects.toMatchObject({ cause: { message: 'the maker failed' } });
    expect(digest(await store.get('b.ndjson'))).toBe(digest(content));
    const uploads = await opened[0]!.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(uploads.Uploads ?? []).toEqual([]);
  });

  test('listings span pages', async () => {
    const store = openAt({ prefix: 'pages/' });
    const names = Array.from({ length: 1_005 }, (_, i) => `p${String(i).padStart(4, '0')}.json`);
    for (let from = 0; from < names.length; from += 50)
      await Promise.all(names.slice(from, from + 50).map((name) => store.replace(name, [bytes('{}')])));
    expect((await store.list('')).map(({ name }) => name)).toEqual(names);
  });

  describe('reading by ranges', () => {
    const content = randomBytes(3 * mib);
    const requests = () => proxy.seen.filter(({ operation }) => operation === 'GET').map(({ headers }) => headers.range);
    const opening = async (name = 'r.parquet') => {
      const store = openAt({ prefix: 'ranges/', tailBytes: 1_000, blockBytes: 64 * 1024 }, proxy.endpoint);
      await store.putIfAbsent(name, [content]);
      proxy.reset();
      return store.open(name);
    };

    test('the end of an object comes with opening it', async () => {
      const object = await opening();
      expect(object.size).toBe(content.length);
      expect(object.read(content.length - 1_000, 5_000)).toEqual(new Uint8Array(content.subarray(-1_000)));
      expect(requests()).toEqual(['bytes=-1000']);
    });

    test('what is near costs no other request, and reads on and on cost ever fewer', async () => {
      const object = await opening();
      expect(Buffer.compare(await object.read(70_000, 100), content.subarray(70_000, 70_100))).toBe(0);
      expect(object.read(70_050, 10)).toBeInstanceOf(Uint8Array);
      expect(Buffer.compare(await object.read(130_000, 5_000), content.subarray(130_000, 135_000))).toBe(0);
      expect(requests().slice(1)).toEqual(['bytes=65536-196607']);
      for (let from = 0; from < content.length; from += 10_000) {
        expect(Buffer.compare(await object.read(from, 10_000), content.subarray(from, from + 10_000))).toBe(0);
      }
      expect(requests().length).toBeLessThanOrEqual(8);
      object.close();
    });

    test('reads that come together are one request where little is between them', async () => {
      const object = await opening();
      const froms = [0, 10, 65_000, 200_000, 2_000_000];
      const found = await Promise.all(froms.map((from) => object.read(from, 1_000)));
      for (const [i, from] of froms.entries()) expect(Buffer.compare(found[i]!, content.subarray(from, from + 1_000))).toBe(0);
      expect(requests().slice(1)).toEqual(['bytes=0-327679', 'bytes=1966080-2097151']);
    });

    test('an answer that breaks off is asked for again; a read that fails can be tried again', async () => {
      const object = await opening();
      proxy.rule = ({ count }) => (count === 1 ? 'cut' : undefined);
      expect(Buffer.compare(await object.read(0, 10), content.subarray(0, 10))).toBe(0);
      proxy.rule = () => ({ status: 503, body: '<Error><Code>SlowDown</Code></Error>' });
      await expect(object.read(1_000_000, 10)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      proxy.reset();
      expect(Buffer.compare(await object.read(1_000_000, 10), content.subarray(1_000_000, 1_000_010))).toBe(0);
    });

    test('an object that was replaced meanwhile is no mixture of both', async () => {
      const store = openAt({ prefix: 'ranges/', tailBytes: 10 });
      await store.replace('changing.json', [content]);
      const object = await store.open('changing.json');
      await store.replace('changing.json', [bytes('other')]);
      await expect(object.read(0, 10)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });

    test('an empty object has no bytes', async () => {
      const store = openAt({ prefix: 'ranges/' });
      await store.replace('empty.json', []);
      expect((await store.open('empty.json')).size).toBe(0);
      expect(await store.get('empty.json')).toHaveLength(0);
    });

    test('a search in a file of ours takes few requests', async () => {
      const records = Array.from({ length: 20_000 }, (_, offset) => ({
        ...{ tenant: 'acme', generation: 0, partition: 0, offset, id: '', level: 'info' as const, severity: 9, service: `s${offset % 7}` },
        ...{ timestamp: 1e15 + offset, timestamp_ns: 0, observed_timestamp: 1e15, env: undefined, host: undefined },
        ...{ trace_id: undefined, span_id: undefined, client_id: undefined },
        message: `request ${digest(bytes(String(offset)))} took ${offset} ms`,
        attributes: { latency: offset },
      }));
      const steps = encodeTable(tableOf(records));
      let step = steps.next();
      while (!step.done) step = steps.next();
      const store = openAt({ prefix: 'ours/' }, proxy.endpoint);
      await store.putIfAbsent('f.parquet', step.value.bytes);
      proxy.reset();
      const part = await openPart(await store.open('f.parquet'), new PageCache());
      const plan = {
        ...{ tenant: 'acme', time: { fromUs: 0, toUs: 1e16 }, order: 'desc' as const, limit: 10 },
        where: { kind: 'match' as const, field: 'message', text: `took 777` },
      };
      const { records: found } = await search([{ source: part }], plan);
      expect(found.map(({ offset }) => offset)).toEqual([777]);
      expect(proxy.seen.length).toBeLessThanOrEqual(4);
    });
  });

  describe('behind a network that fails', () => {
    const firstPut = (fault: ReturnType<FaultyProxy['rule']>) => (seen: Seen) =>
      seen.operation === 'PUT' && seen.count === 0 ? fault : undefined;

    test.each(['lose', 'hang', 'refuse'] as const)('a put whose answer is lost (%s) is known as ours', async (fault) => {
      const store = openAt({ prefix: 'faults/' }, proxy.endpoint, 1_500);
      proxy.rule = firstPut(fault);
      expect(await store.putIfAbsent(`${fault}.parquet`, [bytes('ours')])).toBe(true);
      proxy.reset();
      proxy.rule = firstPut(fault);
      expect(await store.putIfAbsent(`${fault}.parquet`, [bytes('ours')])).toBe(false);
    });

    test('parts whose last answer is lost are known as ours', async () => {
      const store = openAt({ prefix: 'faults/', partBytes: 5 * mib }, proxy.endpoint);
      proxy.rule = ({ operation, path, count }) => (operation === 'POST' && /uploadId=/.test(path) && count === 1 ? 'lose' : undefined);
      const content = randomBytes(6 * mib);
      expect(await store.putIfAbsent('parts.parquet', [content])).toBe(true);
      proxy.reset();
      expect(digest(await store.get('parts.parquet'))).toBe(digest(content));
    });

    test('a put that meets another of the same name is tried again', async () => {
      const store = openAt({ prefix: 'faults/' }, proxy.endpoint);
      proxy.rule = ({ count }) => (count < 2 ? { status: 409, body: '<Error><Code>ConditionalRequestConflict</Code></Error>' } : undefined);
      expect(await store.putIfAbsent('met.parquet', [bytes('1')])).toBe(true);
      expect(proxy.seen).toHaveLength(3);
    });

    test('what is read whole and is not what was written is read again, and never given out', async () => {
      const store = openAt({ prefix: 'faults/' }, proxy.endpoint);
      await store.putIfAbsent('whole.parquet', [randomBytes(10_000)]);
      const right = digest(await store.get('whole.parquet'));
      proxy.reset();
      proxy.rule = ({ count }) => (count === 0 ? 'corrupt' : undefined);
      expect(digest(await store.get('whole.parquet'))).toBe(right);
      proxy.reset();
      proxy.rule = () => 'corrupt';
      await expect(store.get('whole.parquet')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      proxy.rule = ({ count }) => (count % 2 === 0 ? 'cut' : undefined);
      expect(digest(await store.get('whole.parquet'))).toBe(right);
    });

    test('puts and reads through a storm of faults give each name its own bytes, and tell the first at most once', async () => {
      const store = openAt({ prefix: 'storm/' }, proxy.endpoint, 1_500);
      const random = seeded(23);
      const slowDown = { status: 503, body: '<Error><Code>SlowDown</Code></Error>' };
      const faults = ['lose', 'refuse', 'cut', 'corrupt', slowDown] as const;
      proxy.rule = ({ operation }) => {
        const fault = random() < 0.25 ? faults[Math.floor(random() * faults.length)] : undefined;
        return fault === 'corrupt' && operation !== 'GET' ? undefined : fault;
      };
      const persistently = async <T>(work: () => Promise<T>): Promise<T> => {
        for (;;) {
          try {
            return await work();
          } catch (error) {
            expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
          }
        }
      };
      const contents = Array.from({ length: 25 }, () => randomBytes(5_000));
      for (const [i, content] of contents.entries()) {
        const both = await Promise.all([0, 1].map(() => persistently(() => store.putIfAbsent(`${i}.parquet`, [content]))));
        expect(both.filter(Boolean).length).toBeLessThanOrEqual(1);
        expect(digest(await persistently(() => store.get(`${i}.parquet`)))).toBe(digest(content));
      }
      proxy.reset();
      expect(await store.list('')).toHaveLength(25);
    });

    test('a bucket that is not there is no absent object', async () => {
      const store = openAt({ bucket: 'logdrive-nowhere' });
      await expect(store.get('a.parquet')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(store.list('')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });
  });
});
