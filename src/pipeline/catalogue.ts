import type { StateStore } from '../core/ports/state-store.ts';
import type { FileInfo } from '../core/warm/file.ts';
import { readPartitions } from '../core/warm/heads.ts';
import { minutesPrefix, tenantDayKey, tenantsPrefix } from '../core/warm/keys.ts';
import { type MinuteCounts, minuteOf, slotOf } from '../core/warm/minutes.ts';
import type { PartitionHead } from '../core/warm/progress.ts';
import { snapshot, type Times, type VisibleFile } from '../core/warm/snapshot.ts';
import { read } from '../core/warm/steps.ts';
import { emptyTenantDay, type Removed, type TenantDayHead } from '../core/warm/tenant-day.ts';
import type { StepRunner } from './run-steps.ts';

/** A committed file that a query has to read: rows count whose offset is in `only` and whose timestamp is in `time`, where given. */
export type ListedFile = { file: string; info: FileInfo; only?: NonNullable<VisibleFile['only']>; time?: Times };

export type CatalogueSnapshot = {
  files: ListedFile[];
  /**
   * The heads that the files of level 0 came from. A table in memory answers only for offsets that are open in these, not in newer ones; take the
   * tables before the snapshot, and see that the heads are still the same after it (compacted files may be newer): then every row is in exactly
   * one place.
   */
  partitions: PartitionHead[];
};

export type MinuteRow = { minute: number; tenant: string; accepted: number };

/** What is committed: the files by tenant and time, and the counts. Reads heads only, never a listing of objects. */
export type Catalogue = {
  /** Exact and disjoint by position. A file of it may be deleted `graceMs` of the compactor after this. */
  snapshot(tenant: string, time: Times): Promise<CatalogueSnapshot>;
  partitions(): Promise<PartitionHead[]>;
  tenants(): Promise<{ tenant: string; days: string[] }[]>;
  days(tenant: string, days: readonly string[]): Promise<TenantDayHead[]>;
  /** Positions that are done and whose rows compaction or erasure left out, by partition. */
  removed(): Promise<Removed[]>;
  /** Accepted records by tenant and observed minute in [fromUs, toUs), oldest first. */
  minutes(fromUs: number, toUs: number): Promise<MinuteRow[]>;
};

export function createCatalogue({ runner, state }: { runner: StepRunner; state: StateStore }): Catalogue {
  const tenants = async () =>
    (await state.list<string[]>(tenantsPrefix)).map(({ key, value }) => ({ tenant: key.slice(tenantsPrefix.length), days: value }));
  const day = async (tenant: string, name: string) =>
    (await runner.run(read(tenantDayKey(tenant, name), emptyTenantDay(tenant, name)))).value;
  const days = async (tenant: string, names: readonly string[]) => Promise.all(names.map((name) => day(tenant, name)));

  return {
    async snapshot(tenant, time) {
      const { files, partitions } = await runner.run(snapshot(tenant, time));
      return { files: files.map(({ name, ...rest }) => ({ file: name, ...rest })), partitions };
    },
    partitions: () => runner.run(readPartitions()),
    tenants,
    days,
    async removed() {
      const heads = await Promise.all((await tenants()).map((item) => days(item.tenant, item.days)));
      return heads.flat().flatMap((head) => head.removed);
    },
    async minutes(fromUs, toUs) {
      const sums = new Map<string, MinuteRow>();
      for (const { key, value } of await state.list<MinuteCounts>(minutesPrefix)) {
        const slot = Number(key.slice(minutesPrefix.length).split('/')[0]);
        if (slot < slotOf(fromUs) || slot > slotOf(toUs)) continue;
        for (const row of rowsOf(slot, value)) {
          if (row.minute < fromUs || row.minute >= toUs) continue;
          const name = `${row.minute}/${row.tenant}`;
          sums.set(name, { ...row, accepted: row.accepted + (sums.get(name)?.accepted ?? 0) });
        }
      }
      return [...sums.values()].sort((a, b) => a.minute - b.minute || (a.tenant < b.tenant ? -1 : 1));
    },
  };
}

function rowsOf(slot: number, counts: MinuteCounts): MinuteRow[] {
  return Object.entries(counts).flatMap(([tenant, row]) =>
    row.flatMap((accepted, index) => (accepted > 0 ? [{ minute: minuteOf(slot, index), tenant, accepted }] : [])),
  );
}
