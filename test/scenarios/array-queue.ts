import { createHash } from 'node:crypto';
import { idOf } from '../../src/core/ids.ts';
import { normalise } from '../../src/core/normalise.ts';
import type { KnownRequest, Queue, RawBatch } from '../../src/core/ports/queue.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { RecordFault } from '../../src/core/record-fault.ts';

const generation = 1;
const partition = 0;

/** A queue of one partition in memory that decodes each batch at once and hands its records on; it keeps nothing of a process that ends. */
export function arrayQueue(deliver: (records: StoredRecord[]) => void): Queue {
  const known = new Map<string, KnownRequest>();
  let end = 0;
  return {
    partitions: 1,
    generation,
    append: async (_partition, batch) => {
      const baseOffset = end;
      end += batch.count;
      const runs: [number, number][] = [[baseOffset, end]];
      const appended = { generation, partition, runs, count: batch.count };
      const { idempotency, tenant, total, accepted } = batch;
      if (idempotency) known.set(`${tenant} ${idempotency.key}`, { ...appended, bodyHmac: idempotency.bodyHmac, total, accepted });
      deliver(recordsOf(batch, baseOffset));
      return appended;
    },
    find: async (tenant, key) => known.get(`${tenant} ${key}`),
    ranges: async () => [{ partition, start: 0, end }],
    holes: async () => [],
    release: async () => {},
    close: async () => {},
  };
}

function recordsOf({ payload, accepted, tenant, observedUs, defaults }: RawBatch, baseOffset: number): StoredRecord[] {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);
  const lines = Buffer.from(payload)
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '');
  const taken = lines.filter((_, i) => accepted === undefined || (accepted[i >> 3]! & (1 << (i & 7))) !== 0);
  return taken.map((line, i) => {
    const record = normalise(JSON.parse(line), { tenant, observedUs, defaults, hash });
    if (record instanceof RecordFault) throw new Error(`accept took what is no record: ${record.detail}`);
    const position = { generation, partition, offset: baseOffset + i };
    return { ...record, ...position, tenant, id: record.client_id ?? idOf(position) };
  });
}
