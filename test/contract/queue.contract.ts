import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Appended, Hole, Queue, QueueBatch, QueueReader, RawBatch } from '../../src/core/ports/queue.ts';

/** A queue under test and a reader that sees all that is durable in it. */
export type QueueSubject = {
  queue: Queue;
  reader: QueueReader;
  /** Closes both and opens them again over what they kept. */
  reopen(): Promise<QueueSubject>;
  /** Damages the batch that holds this offset where it is stored, while closed, and opens again. */
  reopenDamaged(partition: number, offset: number): Promise<QueueSubject>;
  /** Tells the passing of time. */
  advance(ms: number): void;
  /** The same queue as another process has it. */
  other(): Promise<Queue>;
  /** How a batch is given back: as it was appended, or its accepted records only, one a line. */
  keeps: 'bodies' | 'records';
  dispose(): Promise<void>;
};

export type QueueCase =
  | 'order'
  | 'many producers'
  | 'read anywhere'
  | 'fields'
  | 'find'
  | 'find after reopening'
  | 'find after retention'
  | 'keys of other processes'
  | 'find forgets'
  | 'reopen'
  | 'hole'
  | 'release'
  | 'closed';

/**
 * What every queue keeps to. `open` gives an empty queue of two partitions whose retention keeps little of what is released.
 * A case that the technology cannot meet is named in `gaps` with the reason.
 */
export function describeQueue(name: string, open: () => Promise<QueueSubject>, gaps: Partial<Record<QueueCase, string>> = {}): void {
  describe(`queue: ${name}`, () => {
    let subject: QueueSubject | undefined;
    afterEach(async () => {
      await subject?.dispose();
      subject = undefined;
    });
    const meets = (which: QueueCase, title: string, check: () => Promise<void>) =>
      gaps[which] === undefined ? it(title, check) : it.skip(`${title} (not here: ${gaps[which]})`, check);
    const opened = async () => {
      subject = await open();
      return subject;
    };

    meets('order', 'gives offsets without gaps, and reads back in order what was appended', async () => {
      const { queue, reader } = await opened();
      const counts = [1, 3, 500, 2];
      let next = 0;
      for (const [index, count] of counts.entries()) {
        const appended = await queue.append(1, batchOf(`r${index}`, count));
        expect(appended).toEqual({ generation: queue.generation, partition: 1, runs: [[next, next + count]], count });
        next += count;
      }
      const batches = await readAll(reader, 1, 0);
      expect(batches.map(({ requestId, baseOffset, count }) => [requestId, baseOffset, count])).toEqual([
        ['r0', 0, 1],
        ['r1', 1, 3],
        ['r2', 4, 500],
        ['r3', 504, 2],
      ]);
      expect(await queue.ranges()).toEqual([
        { partition: 0, start: 0, end: 0 },
        { partition: 1, start: 0, end: 506 },
      ]);
      expect(await reader.read(1, 506, 1000)).toEqual([]);
      expect(await reader.read(0, 0, 1000)).toEqual([]);
    });

    meets('many producers', 'gives each of many appends at once its own offsets, whole', async () => {
      const { queue, reader, keeps } = await opened();
      const appends = Array.from({ length: 60 }, (_, index) => batchOf(`r${index}`, 1 + (index % 7)));
      const answers = await Promise.all(appends.map((batch, index) => queue.append(index % 2, batch)));
      for (const partition of [0, 1]) {
        const batches = await readAll(reader, partition, 0);
        let next = 0;
        for (const batch of batches) {
          expect(batch.baseOffset).toBe(next);
          next += batch.count;
          const index = Number(batch.requestId.slice(1));
          expect(answers[index]).toEqual({ generation: queue.generation, partition, runs: [[batch.baseOffset, next]], count: batch.count });
          expect(comparable(batch.payload)).toEqual(comparable(asKept(appends[index]!, keeps).payload));
        }
        expect(batches).toHaveLength(30);
      }
    });

    meets('read anywhere', 'reads from any offset, about as much as asked for, at least one batch', async () => {
      const { queue, reader } = await opened();
      for (let index = 0; index < 40; index++) await queue.append(0, batchOf(`r${index}`, 5));
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: 199 }), fc.integer({ min: 0, max: 3000 }), async (offset, maxBytes) => {
          const batches = await reader.read(0, offset, maxBytes);
          expect(batches[0]!.baseOffset).toBe(offset - (offset % 5));
          for (const [index, batch] of batches.entries()) expect(batch.baseOffset).toBe(batches[0]!.baseOffset + 5 * index);
          const beforeLast = batches.slice(0, -1).reduce((sum, { payload }) => sum + payload.byteLength, 0);
          expect(beforeLast).toBeLessThanOrEqual(maxBytes);
        }),
        { numRuns: 60 },
      );
    });

    meets('fields', 'keeps every field of a batch as it was', async () => {
      const { queue, reader, keeps } = await opened();
      const batches: RawBatch[] = [
        batchOf('plain', 2),
        {
          ...batchOf('änderung-✓', 3),
          format: 'ndjson',
          payload: Buffer.from('{"a":0}\n{"a":1}\n\n{"a":2}\n{"a":3}\n{"a":4}'),
          total: 5,
          accepted: Uint8Array.of(0b10110),
          defaults: { service: 'api', env: '', host: 'wörker-1' },
          rulesVersion: 4_000_000_000,
          idempotency: { key: 'once ✓', bodyHmac: new Uint8Array(32).fill(7) },
        },
        { ...batchOf('host only', 1), defaults: { host: 'h' }, payload: Buffer.from('{}') },
        { ...batchOf('large', 1), payload: Buffer.from(JSON.stringify({ message: 'x'.repeat(3_000_000) })) },
      ];
      for (const batch of batches) await queue.append(0, batch);
      const found = await readAll(reader, 0, 0);
      expect(found.map(({ generation, partition, baseOffset, ...batch }) => comparable(batch))).toEqual(
        batches.map((batch) => comparable(asKept(batch, keeps))),
      );
    });

    meets('find', 'finds a request by tenant and idempotency key', async () => {
      const { queue } = await opened();
      const batch = { ...batchOf('r1', 3), idempotency: { key: 'key 1', bodyHmac: Buffer.from('hmac of r1') } };
      const appended = await queue.append(1, { ...batch, count: 2, accepted: Uint8Array.of(0b101) });
      const known = await queue.find('acme', 'key 1');
      expect(known && comparable(known)).toEqual(
        comparable({ ...appended, bodyHmac: batch.idempotency.bodyHmac, total: 3, accepted: Uint8Array.of(5) }),
      );
      expect(await queue.find('other', 'key 1')).toBeUndefined();
      expect(await queue.find('acme', 'key 2')).toBeUndefined();
    });

    meets('find after reopening', 'finds it after reopening', async () => {
      const { queue, reopen } = await opened();
      const appended = await queue.append(0, keyed('r1', 'acme', 'k'));
      subject = await reopen();
      expect(await subject.queue.find('acme', 'k')).toMatchObject(appended);
    });

    meets('keys of other processes', 'appends once for a key, whichever process is asked, and refuses another body', async () => {
      const { queue, reader, other } = await opened();
      const second = await other();
      const batch = keyed('r1', 'acme', 'k');
      const both = await Promise.allSettled([queue.append(0, batch), second.append(0, { ...batch, requestId: 'r2' })]);
      const [appended, ...repeated] = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      for (const again of repeated) expect(again).toEqual(appended);
      for (const one of both) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'IDEMPOTENCY_IN_FLIGHT' });
      expect(await readAll(reader, 0, 0)).toMatchObject([{ baseOffset: 0, count: 2 }]);
      expect(await second.find('acme', 'k')).toMatchObject(appended!);
      expect(await second.append(0, batch)).toEqual(appended);
      await expect(second.append(0, keyed('other body', 'acme', 'k'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });
      expect((await queue.ranges())[0]!.end).toBe(2);
    });

    meets('find after retention', 'finds it when retention has removed the records', async () => {
      let { queue, reopen } = await opened();
      const appended = await queue.append(0, keyed('r1', 'acme', 'k'));
      for (let index = 0; index < 30; index++) await queue.append(0, batchOf(`r${index}`, 100));
      ({ queue, reopen } = subject = await reopen());
      expect(await queue.find('acme', 'k')).toMatchObject(appended);
      await queue.release(0, (await queue.ranges())[0]!.end);
      expect((await queue.ranges())[0]!.start).toBeGreaterThan(0);
      expect(await queue.find('acme', 'k')).toMatchObject(appended);
      ({ queue } = subject = await reopen());
      expect(await queue.find('acme', 'k')).toMatchObject(appended);
    });

    meets('find forgets', 'forgets a key after 24 hours', async () => {
      const { queue, advance } = await opened();
      await queue.append(0, keyed('r1', 'acme', 'k'));
      advance(24 * 3600_000 - 1000);
      expect(await queue.find('acme', 'k')).toBeDefined();
      advance(2000);
      expect(await queue.find('acme', 'k')).toBeUndefined();
    });

    meets('reopen', 'goes on behind the last offset after reopening', async () => {
      let current = await opened();
      const ids: string[] = [];
      for (let round = 0; round < 4; round++) {
        for (let index = 0; index < 5; index++) {
          ids.push(`r${round}-${index}`);
          expect(baseOf(await current.queue.append(0, batchOf(ids.at(-1)!, 10)))).toBe((ids.length - 1) * 10);
        }
        subject = current = await current.reopen();
        expect((await readAll(current.reader, 0, 0)).map(({ requestId }) => requestId)).toEqual(ids);
        expect(await current.queue.holes()).toEqual([]);
      }
    });

    meets('hole', 'names what is damaged as a hole, reads on behind it, and still knows it after another reopening', async () => {
      let current = await opened();
      for (let index = 0; index < 6; index++) await current.queue.append(0, batchOf(`r${index}`, 10));
      subject = current = await current.reopenDamaged(0, 25);
      const hole: Hole = { partition: 0, from: 20, to: 30, reason: 'corrupt', detail: expect.any(String) as string };
      const rest = ['r0', 'r1', 'r3', 'r4', 'r5'];
      expect(await current.queue.holes()).toEqual([hole]);
      expect((await readAll(current.reader, 0, 0)).map(({ requestId }) => requestId)).toEqual(rest);
      expect((await current.reader.read(0, 25, 10))[0]!.baseOffset).toBe(30);
      expect(baseOf(await current.queue.append(0, batchOf('r6', 10)))).toBe(60);
      subject = current = await current.reopen();
      expect(await current.queue.holes()).toEqual([hole]);
      expect((await readAll(current.reader, 0, 0)).map(({ requestId }) => requestId)).toEqual([...rest, 'r6']);
    });

    meets('release', 'removes only what was released, and goes on behind it after reopening', async () => {
      let current = await opened();
      for (let index = 0; index < 40; index++) await current.queue.append(0, batchOf(`r${index}`, 100));
      await current.queue.release(0, 1950);
      const [range] = await current.queue.ranges();
      expect(range!.start).toBeGreaterThan(0);
      expect(range!.start).toBeLessThanOrEqual(1950);
      expect(range!.end).toBe(4000);
      const behind = await current.reader.read(0, 0, 1);
      expect(behind[0]!.baseOffset).toBe(range!.start);
      expect(await readAll(current.reader, 0, 1950)).toHaveLength(21);
      subject = current = await current.reopen();
      expect((await current.queue.ranges())[0]).toEqual(range);
      expect(await current.queue.holes()).toEqual([]);
      expect(baseOf(await current.queue.append(0, batchOf('next', 1)))).toBe(4000);
    });

    meets('closed', 'answers appends under way when it closes, and refuses later ones', async () => {
      const { queue, reopen } = await opened();
      const underWay = Array.from({ length: 10 }, (_, index) => queue.append(0, batchOf(`r${index}`, 3)));
      await queue.close();
      expect((await Promise.all(underWay)).map(baseOf)).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
      await expect(queue.append(0, batchOf('late', 1))).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
      subject = await reopen();
      expect((await subject.queue.ranges())[0]).toEqual({ partition: 0, start: 0, end: 30 });
    });
  });
}

/** A batch of `count` small records that name their request. */
export function batchOf(requestId: string, count: number, tenant = 'acme'): RawBatch {
  const records = Array.from({ length: count }, (_, index) => ({ message: `${requestId} ${index}` }));
  return {
    tenant,
    observedUs: 1_000_000,
    format: 'json',
    payload: Buffer.from(JSON.stringify(records)),
    total: count,
    accepted: undefined,
    count,
    defaults: {},
    requestId,
    rulesVersion: 1,
    idempotency: undefined,
  };
}

export function keyed(requestId: string, tenant: string, key: string): RawBatch {
  return { ...batchOf(requestId, 2, tenant), idempotency: { key, bodyHmac: Buffer.from(`hmac of ${requestId}`) } };
}

/** The offset of the first record that was appended. */
export const baseOf = ({ runs }: Appended): number => runs[0]![0];

/** Reads to the end in small pieces. */
export async function readAll(reader: QueueReader, partition: number, from: number): Promise<QueueBatch[]> {
  const all: QueueBatch[] = [];
  for (let offset = from; ; ) {
    const batches = await reader.read(partition, offset, 700);
    const last = batches.at(-1);
    if (!last) return all;
    all.push(...batches);
    offset = last.baseOffset + last.count;
  }
}

/** What a queue gives back of a batch. */
function asKept(batch: RawBatch, keeps: QueueSubject['keeps']): RawBatch {
  if (keeps === 'bodies') return batch;
  const { format, payload, accepted, count } = batch;
  const text = Buffer.from(payload).toString();
  const records =
    format === 'json'
      ? [JSON.parse(text)].flat().map((record: unknown) => JSON.stringify(record))
      : text.split('\n').filter((line) => line !== '');
  const lines = records.filter((_, index) => accepted === undefined || (accepted[index >> 3]! & (1 << (index & 7))) !== 0);
  const kept = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return { ...batch, format: 'ndjson', payload: kept, total: count, accepted: undefined };
}

/** The same with plain hex in place of bytes, whose class differs by who made them. */
function comparable(value: object): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) => {
      const buffer = inner as { type?: string; data?: number[] };
      if (inner instanceof Uint8Array) return Buffer.from(inner).toString('hex');
      return buffer?.type === 'Buffer' && buffer.data ? Buffer.from(buffer.data).toString('hex') : inner;
    }),
  );
}
