import type { Signal } from '../signal.ts';

/** The keys under which the catalogue keeps its heads in the StateStore, and the names of its objects in the WarmStore. */

/** What follows the queue by itself: the two stores, and the windows. Each has heads, details and counts under its own name. */
export const sinkNames = ['hot', 'warm', 'aggregate'] as const;
export type SinkName = (typeof sinkNames)[number];

/** Lists the partitions of which a sink has a head: `[generation, partition][]`. */
export const partitionsKeyOf = (sink: SinkName): string => `${sink}/partitions`;
export const headKey = (sink: SinkName, generation: number, partition: number): string => `${sink}/partition/${generation}/${partition}`;
export const partitionKey = (generation: number, partition: number): string => headKey('warm', generation, partition);
/** What of one block of offsets was dropped, or is dead. Absent: nothing. */
export const blockKey = (sink: SinkName, generation: number, partition: number, block: number): string =>
  `${sink}/block/${generation}/${partition}/${block}`;
export const tenantsPrefix = 'warm/tenant/';
/** Lists the days of a tenant that have a head. */
export const tenantKey = (tenant: string): string => `${tenantsPrefix}${tenant}`;
export const tenantDayKey = (tenant: string, day: string): string => `warm/day/${tenant}/${day}`;
export const minutesPrefix = 'ledger/minutes/';
export const minutesPrefixOf = (sink: SinkName): string => (sink === 'warm' ? minutesPrefix : `ledger/${sink}/`);
/** What a sink closed of ten observed minutes of one partition. */
export const minutesKey = (sink: SinkName, slot: number, generation: number, partition: number): string =>
  `${minutesPrefixOf(sink)}${String(slot).padStart(8, '0')}/${generation}/${partition}`;

/** Files of several tenants, as they were committed; those of the logs have no folder of their own. */
export const level0Prefix = (dataset: Signal, partition: number): string =>
  dataset === 'logs' ? `level0/p${partition}/` : `level0/${dataset}/p${partition}/`;
export const compactedPrefix = (dataset: Signal, tenant: string): string => `tenant=${tenant}/dataset=${dataset}/`;
/** The folder of one tenant's hour, as Hive partitions it. `hour` is 0 to 23, UTC. */
export const hourFolder = (dataset: Signal, tenant: string, day: string, hour: number): string =>
  `${compactedPrefix(dataset, tenant)}dt=${day}/hour=${String(hour).padStart(2, '0')}/`;

/**
 * Names an object by its content, salted. The salt of a head changes whenever one of its files is condemned, so no commit can bring a name
 * back that somebody else may be about to delete. Among `taken` names the next free one is found: one content listed twice has two names.
 */
export function objectName(folder: string, hash: string, salt: number, taken: ReadonlySet<string>): string {
  for (let copy = 0; ; copy++) {
    const suffix = copy > 0 ? `-${salt}-${copy}` : salt > 0 ? `-${salt}` : '';
    const name = `${folder}${hash}${suffix}.parquet`;
    if (!taken.has(name)) return name;
  }
}
