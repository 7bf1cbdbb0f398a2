import type { PageCache } from '../columnar/page-cache.ts';
import type { Pace } from '../columnar/steps.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { Log } from '../core/ports/log.ts';
import type { WarmStore } from '../core/ports/warm-store.ts';
import { type Ages, collectDay, collectFiles, condemnDayFiles, condemnFiles } from '../core/warm/collect.ts';
import { compactLevel0, type Level0Source, rewriteFiles } from '../core/warm/compact.ts';
import { dayStartUs, hourUs } from '../core/warm/file.ts';
import { compactedPrefix, level0Prefix } from '../core/warm/keys.ts';
import type { CompactedFile, TenantDayHead } from '../core/warm/tenant-day.ts';
import type { Catalogue } from './catalogue.ts';
import { createMerger, type Erasure, type MergeCounts } from './merge-files.ts';
import type { StepRunner } from './run-steps.ts';

export type CompactOptions = {
  /** More files than this at level 0 of one partition are compacted whatever their age. */
  maxLevel0Files: number;
  /** How long after its end an hour is taken for over. */
  hourDelayMs: number;
  /** Longer than any query runs: a condemned file is kept for so long. */
  graceMs: number;
  /** How many rows one merge reads; it holds their encoded bytes and what it works on in memory, up to 300 MB at half a million rows. */
  maxRows: number;
};

export const compactDefaults: CompactOptions = { maxLevel0Files: 8, hourDelayMs: 300_000, graceMs: 900_000, maxRows: 500_000 };

export type CompactDeps = {
  runner: StepRunner;
  catalogue: Catalogue;
  warm: WarmStore;
  /** Decoded pages of what is being merged; not the queries' own, which it would empty. */
  cache: PageCache;
  /** How merging gives way to queries; not, when absent. */
  pace?: Pace;
  clock: Clock;
  log: Log;
  options?: Partial<CompactOptions>;
};

export type Compactor = {
  /** Does what is due, or everything that can be compacted when `all`, as long as it may go on. Resolves to the files read and written. */
  run(all?: boolean, mayGoOn?: () => boolean): Promise<MergeCounts>;
  /** Takes a tenant's records out of all committed files; the former files are deleted after the grace. Resolves to the records taken out. */
  erase(tenant: string, matches: Erasure): Promise<number>;
  /** Deletes what was condemned and is past its grace. Resolves to the files deleted. */
  collect(): Promise<number>;
  /** Condemns objects that no head lists: what a crash left between a file and its commit. A commit that is under way writes its file anew. */
  sweep(): Promise<number>;
};

/** Turns many small files of all tenants into few of one tenant and hour, and comes back to hours that got late data. */
export function createCompactor(deps: CompactDeps): Compactor {
  const { runner, catalogue, warm, cache, pace, clock, log } = deps;
  const options = { ...compactDefaults, ...deps.options };
  const counts: MergeCounts = { read: 0, written: 0 };
  const merge = createMerger({ warm, cache, counts, pace });
  const nowUs = () => clock.nowMs() * 1_000;
  const isOver = (hourStartUs: number) => hourStartUs + hourUs + options.hourDelayMs * 1_000 <= nowUs();
  const ages: Ages = { nowMs: () => clock.nowMs(), oldestReaderMs: () => clock.nowMs() - options.graceMs };

  /** The files of all partitions that are due, oldest first, as many as one merge takes. */
  async function level0Due(all: boolean): Promise<Level0Source[]> {
    const heads = await catalogue.partitions();
    const due = heads.flatMap(({ generation, partition, files }) => {
      const isFull = files.length > options.maxLevel0Files;
      const chosen = files.filter(({ info }) => all || isFull || isOver(Math.floor(info.maxObserved / hourUs) * hourUs));
      return chosen.map((file) => ({ generation, partition, file }));
    });
    due.sort((a, b) => a.file.info.minObserved - b.file.info.minObserved);
    return takeRows(due, ({ file }) => file.info.rows, options.maxRows);
  }

  async function absorb(all: boolean, mayGoOn: () => boolean): Promise<void> {
    for (let due = await level0Due(all); due.length > 0 && mayGoOn(); due = await level0Due(all)) {
      const result = await runner.run(compactLevel0(due, runner.dataset), merge);
      log.debug({ files: due.length, result }, 'level 0 compacted');
      // Somebody else is at these files; what is left is found in the next run.
      if (result === 'stale') return;
    }
  }

  async function mergeHours(all: boolean, mayGoOn: () => boolean): Promise<void> {
    for (const { tenant, day, files } of await allDays(catalogue)) {
      for (const [hour, ofHour] of Map.groupBy(files, (file) => file.hour)) {
        if (!all && !isOver(dayStartUs(day) + hour * hourUs)) continue;
        const names = mergeable(ofHour, options.maxRows);
        if (!mayGoOn()) return;
        if (names.length > 1) await runner.run(rewriteFiles(tenant, day, names, undefined, runner.dataset), merge);
      }
    }
  }

  async function collect(): Promise<number> {
    let deleted = 0;
    for (const { generation, partition } of await catalogue.partitions())
      deleted += await runner.run(collectFiles(generation, partition, ages));
    for (const { tenant, day } of await allDays(catalogue)) deleted += await runner.run(collectDay(tenant, day, ages));
    return deleted;
  }

  async function sweep(): Promise<number> {
    let condemned = 0;
    for (const { generation, partition, files } of await catalogue.partitions()) {
      const names = unlisted(await warm.list(level0Prefix(runner.dataset, partition)), files);
      condemned += (await runner.run(condemnFiles(generation, partition, names, 'unlisted'))).length;
    }
    for (const { tenant, day, files } of await allDays(catalogue)) {
      const names = unlisted(await warm.list(`${compactedPrefix(runner.dataset, tenant)}dt=${day}/`), files);
      condemned += (await runner.run(condemnDayFiles(tenant, day, names, 'unlisted'))).length;
    }
    return condemned;
  }

  return {
    collect,
    sweep,
    async run(all = false, mayGoOn = () => true) {
      const before = { ...counts };
      await absorb(all, mayGoOn);
      await mergeHours(all, mayGoOn);
      return { read: counts.read - before.read, written: counts.written - before.written };
    },
    async erase(tenant, matches) {
      await absorb(true, () => true);
      const left = (await catalogue.partitions()).flatMap(({ files }) => files);
      if (left.length > 0) throw new AppError('CONFLICT', 'files came in while records were being erased: try again');
      const before = erasedOf(await daysOfTenant(catalogue, tenant));
      for (const { day, files } of await daysOfTenant(catalogue, tenant)) {
        for (const { name } of files) {
          const result = await runner.run(rewriteFiles(tenant, day, [name], matches, runner.dataset), merge);
          if (result === 'stale') throw new AppError('CONFLICT', `${name} was compacted while records were being erased: try again`);
        }
      }
      return erasedOf(await daysOfTenant(catalogue, tenant)) - before;
    },
  };
}

function unlisted(objects: { name: string }[], files: { name: string }[]): string[] {
  const listed = new Set(files.map(({ name }) => name));
  return objects.map(({ name }) => name).filter((name) => !listed.has(name));
}

async function allDays(catalogue: Catalogue): Promise<TenantDayHead[]> {
  const heads: TenantDayHead[] = [];
  for (const { tenant, days } of await catalogue.tenants()) heads.push(...(await catalogue.days(tenant, days)));
  return heads;
}

const daysOfTenant = async (catalogue: Catalogue, tenant: string): Promise<TenantDayHead[]> =>
  (await allDays(catalogue)).filter((head) => head.tenant === tenant);

const erasedOf = (heads: TenantDayHead[]): number => heads.flatMap(({ removed }) => removed).reduce((sum, { erased }) => sum + erased, 0);

/** The small files of an hour that together are worth one; merging large ones once more would cost more than it brings. */
function mergeable(files: CompactedFile[], maxRows: number): string[] {
  const small = files.filter(({ info }) => info.rows < maxRows / 4).sort((a, b) => a.info.rows - b.info.rows);
  return takeRows(small, ({ info }) => info.rows, maxRows).map(({ name }) => name);
}

/** The first items whose rows fit, at least one. */
function takeRows<T>(items: T[], rowsOf: (item: T) => number, maxRows: number): T[] {
  let rows = 0;
  return items.filter((item, index) => {
    rows += rowsOf(item);
    return index === 0 || rows <= maxRows;
  });
}
