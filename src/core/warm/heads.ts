import type { StateWrite } from '../ports/state-store.ts';
import { partitionKey, partitionsKeyOf, type SinkName, tenantKey } from './keys.ts';
import { emptyPartition, type PartitionHead } from './progress.ts';
import { read, type Steps } from './steps.ts';

/** The partitions of all generations of which a sink has a head: [generation, partition]. */
export function* listedPartitions(sink: SinkName): Steps<[generation: number, partition: number][]> {
  return (yield* read<[number, number][]>(partitionsKeyOf(sink), [])).value;
}

/** The warm heads of all partitions of all generations. */
export function* readPartitions(): Steps<PartitionHead[]> {
  const heads: PartitionHead[] = [];
  for (const [generation, partition] of yield* listedPartitions('warm'))
    heads.push((yield* read(partitionKey(generation, partition), emptyPartition(generation, partition))).value);
  return heads;
}

/** Adds a day to those of its tenant. */
export function* listDay(tenant: string, day: string): Steps<StateWrite> {
  const { value: days, version } = yield* read<string[]>(tenantKey(tenant), []);
  return { key: tenantKey(tenant), version, value: days.includes(day) ? days : [...days, day].sort() };
}

/** Adds a partition to those that have a head: goes with the first write of its head, whoever makes it. */
export function* listPartition(generation: number, partition: number, sink: SinkName = 'warm'): Steps<StateWrite> {
  const { value, version } = yield* read<[number, number][]>(partitionsKeyOf(sink), []);
  return { key: partitionsKeyOf(sink), version, value: [...value, [generation, partition]] };
}
