import type { KafkaQueue } from '../../src/adapters/queue/kafka/kafka-queue.ts';
import { AppError } from '../../src/core/errors.ts';
import type { Appended, QueueBatch, QueueReader, RawBatch } from '../../src/core/ports/queue.ts';
import { readAll } from '../contract/queue.contract.ts';

export type Witness = {
  acknowledged: Map<string, Appended>;
  /** Names of requests without a key of which an attempt had an unknown outcome: they may stand more than once. */
  unknown: Set<string>;
  codes: Map<string, number>;
};

export type Workload = {
  clients: number;
  requestsEach: number;
  /** Records of a request; by its number. */
  recordsOf(request: number): number;
  /** Called when a key's lease is waited for. */
  leaseOver(): void;
  acknowledged?(count: number): void;
};

/** Every second request has a key. Each is sent again, as a client would, until it is acknowledged. */
export async function runWorkload(queue: KafkaQueue, workload: Workload): Promise<Witness> {
  const witness: Witness = { acknowledged: new Map(), unknown: new Set(), codes: new Map() };
  const client = async (number: number) => {
    for (let index = 0; index < workload.requestsEach; index++) {
      const name = `r${number}-${index}`;
      const batch = batchNamed(name, workload.recordsOf(index), index % 2 === 0);
      const partition = number % queue.partitions;
      for (let attempt = 0; !witness.acknowledged.has(name); attempt++) {
        try {
          witness.acknowledged.set(name, await queue.append(partition, { ...batch, requestId: `${name}-${attempt}` }));
          workload.acknowledged?.(witness.acknowledged.size);
        } catch (error) {
          if (!(error instanceof AppError) || !error.retryable) throw error;
          witness.codes.set(error.code, (witness.codes.get(error.code) ?? 0) + 1);
          if (!batch.idempotency && error.detail.includes('not known')) witness.unknown.add(name);
          if (error.code === 'IDEMPOTENCY_IN_FLIGHT') workload.leaseOver();
          else await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    }
  };
  await Promise.all(Array.from({ length: workload.clients }, (_, number) => client(number)));
  return witness;
}

function batchNamed(name: string, count: number, isKeyed: boolean): RawBatch {
  const lines = Array.from({ length: count }, (_, index) => JSON.stringify({ name, index, pad: '.'.repeat(200) }));
  return {
    tenant: 'acme',
    observedUs: 1_000_000,
    format: 'ndjson',
    payload: Buffer.from(lines.join('\n')),
    total: count,
    accepted: undefined,
    count,
    defaults: {},
    requestId: '',
    rulesVersion: 1,
    idempotency: isKeyed ? { key: name, bodyHmac: Buffer.from(name) } : undefined,
  };
}

/** Lists what is not as it was promised; empty when all is. */
export async function faultsIn(reader: QueueReader, partitions: number, workload: Workload, witness: Witness): Promise<string[]> {
  const faults: string[] = [];
  const places = new Map<string, string[]>();
  for (let partition = 0; partition < partitions; partition++) {
    let next = 0;
    for (const batch of await readAll(reader, partition, 0)) {
      if (batch.baseOffset !== next) faults.push(`offset ${batch.baseOffset} of partition ${partition} follows ${next}`);
      next = batch.baseOffset + batch.count;
      for (const [name, place] of placesOf(batch)) places.set(name, [...(places.get(name) ?? []), place]);
    }
  }
  for (const [name, { partition, runs, count }] of witness.acknowledged) {
    const index = Number(name.split('-')[1]);
    if (count !== workload.recordsOf(index)) faults.push(`${name} was answered with ${count} records`);
    const offsets = runs.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => `${partition}/${from + i}`));
    if (offsets.length !== count) faults.push(`${name} was answered with ${offsets.length} offsets`);
    for (let record = 0; record < count; record++) {
      const found = places.get(`${name}/${record}`) ?? [];
      if (!found.some((place) => offsets.includes(place))) faults.push(`record ${record} of ${name} is not where it was acknowledged`);
      if (found.length > 1 && !witness.unknown.has(name)) faults.push(`record ${record} of ${name} stands at ${found.join(' and ')}`);
    }
  }
  return faults;
}

function placesOf({ payload, partition, baseOffset }: QueueBatch): [name: string, place: string][] {
  const lines = Buffer.from(payload).toString().split('\n').slice(0, -1);
  return lines.map((line, i) => {
    const { name, index } = JSON.parse(line) as { name: string; index: number };
    return [`${name}/${index}`, `${partition}/${baseOffset + i}`];
  });
}
