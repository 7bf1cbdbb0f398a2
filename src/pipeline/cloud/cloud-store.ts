import { PageCache } from '../../columnar/page-cache.ts';
import { AppError } from '../../core/errors.ts';
import { readHot } from '../../core/hot/commit-hot.ts';
import { dayOf, dayUs } from '../../core/warm/file.ts';
import { emptyHead, type SinkHead } from '../../core/warm/progress.ts';
import { defaultBudget } from '../../query/budget.ts';
import { createArchive } from '../archive.ts';
import { createCatalogue } from '../catalogue.ts';
import { measured } from '../measure/measured.ts';
import { ClientIds } from '../store/client-ids.ts';
import { fieldsOf, recordById, servicesOf } from '../store/overviews.ts';
import { StoreSearch } from '../store/search.ts';
import { SourceFinder } from '../store/sources.ts';
import { createSqlEngine } from '../store/sql-engine.ts';
import type { StoreStatus } from '../store-api.ts';
import { endOf, openBelow, reached, readLedger } from './cloud-ledger.ts';
import { receiptStatus, waitForReceipt } from './cloud-receipts.ts';
import { type CloudRedriveDeps, redriveLetters } from './cloud-redrive.ts';
import { nextSlice } from './cloud-tail.ts';
import { createCloudWindows } from './cloud-windows.ts';
import { SplitSearch } from './split-search.ts';
import type { CloudStoreDeps, CreateCloudStore } from './types.ts';

const defaults = { cacheBytes: 64 * 2 ** 20, maxOpenParts: 256, hotTimeoutMs: 10_000 };

/** Makes the StoreApi over a hot and a warm store that are filled by consumers of their own, wherever those run. Remembers no record. */
export const createCloudStore: CreateCloudStore = (deps) => {
  const { generation, runner, state, warm, hot, deadLetters, processing, queue, maintenance, clock, log } = deps;
  const { cacheBytes, maxOpenParts, hotTimeoutMs } = { ...defaults, ...deps };
  const catalogue = createCatalogue({ runner, state });
  const sources = new SourceFinder({ catalogue, warm, cache: new PageCache(cacheBytes), generation, maxOpenParts });
  const sql = deps.warmQuery && createSqlEngine({ warmQuery: deps.warmQuery, sources, largeBytes: deps.largeScanBytes });
  const { hotDays } = deps;
  const firstHotDay = () => (hotDays === undefined ? '' : dayOf(clock.nowMs() * 1_000 - hotDays * dayUs));
  const { budget = defaultBudget } = deps;
  const search = new SplitSearch({ budget, clock, generation, runner, catalogue, sources, sql, hot, hotTimeoutMs, firstHotDay, log });
  const archived = new StoreSearch(sources, undefined);
  const clientIds = new ClientIds((tenant, ids) => archived.committedIds(tenant, ids));
  const hotSink = hot ? 'hot' : 'warm';
  const receipts = { runner, deadLetters, clock, sinkOf: (sink: 'hot' | 'warm') => (sink === 'hot' ? hotSink : sink) };
  const redriving: CloudRedriveDeps = {
    runner,
    hot,
    deadLetters,
    processing,
    clientIds,
    windows: deps.windows?.kept ? deps.windows : undefined,
    clock,
  };
  let lastRedrive: Promise<unknown> = Promise.resolve();
  const partitions = () => headsOf(deps);
  const hasOpen = async () => (await partitions()).some(({ end, hot: inHot }) => openBelow(inHot, end) > 0);

  return {
    async search(plan, signal) {
      const snapshot = plan.snapshot ?? (await search.snapshot());
      return { ...(await search.search({ ...plan, snapshot }, signal)), snapshot };
    },
    aggregate: (plan, signal) => search.aggregate(plan, signal),
    snapshot: () => search.snapshot(),
    record: (tenant, id) => recordById(search, tenant, id),
    services: (tenant, fromUs, toUs) => servicesOf(search, tenant, fromUs, toUs),
    fields: (tenant, fromUs, toUs) => fieldsOf(search, tenant, fromUs, toUs),
    ledger: (filter) =>
      readLedger(
        {
          ...{ state, partitions, generation, hotSink },
          removed: () => catalogue.removed(),
          holes: () => queue.holes(),
          nowUs: () => clock.nowMs() * 1_000,
        },
        filter,
      ),
    metrics: (plan) => measured((searchPlan) => search.search(searchPlan), plan),
    receipt: (receipt) => receiptStatus(receipts, receipt),
    waitFor: (receipt, sink, timeoutMs) => waitForReceipt(receipts, receipt, sink, timeoutMs),
    explain: async (tenant, raw) => processing.explain(tenant, raw),
    tail: (_id, tenant, where, cursor, timeoutMs) =>
      nextSlice(
        { generation, clock, snapshot: () => search.snapshot(), search: (plan) => search.search(plan) },
        tenant,
        where,
        cursor,
        timeoutMs,
      ),
    endTail: async () => {},
    async deadLetters(tenant, { cause, limit = 100, after }) {
      const filter = { tenant, limit, ...(cause ? { cause } : {}), ...(after ? { after } : {}) };
      return { letters: await deadLetters.list(filter), groups: await deadLetters.groups(tenant) };
    },
    deadLetter: (tenant, id) => deadLetters.get(tenant, id),
    redrive(tenant, request) {
      const result = lastRedrive.then(() => redriveLetters(redriving, tenant, request));
      lastRedrive = result.catch(() => {}); // told to whoever asked
      return result;
    },
    async discardDeadLetter(tenant, id) {
      const letter = await deadLetters.get(tenant, id);
      return letter !== undefined && deadLetters.mark(id, 'dead', 'discarded', clock.nowMs());
    },
    analytics: maintenance.analytics,
    storage: maintenance.storage,
    status: async (): Promise<StoreStatus> => ({
      partitions: (await partitions()).map(({ partition, end, hot: inHot, warm: inWarm }) => {
        const open = openBelow(inWarm, end);
        return { partition, end, indexed: reached(inHot), committed: end - open, open, oldestOpenS: 0 };
      }),
      tableRows: 0,
      files: await sources.fileCount(),
      deadLetters: await deadLetters.count(),
      derived: maintenance.derived(),
      canary: { lastSeenMs: undefined, lagMs: undefined },
      halted: undefined,
    }),
    ...createCloudWindows(deps, { aggregate: (plan) => search.aggregate(plan), hasOpen }),
    flush: async () => {},
    profile: async () => {
      throw new AppError('NOT_FOUND', 'stores on services have no thread to profile');
    },
    compact: maintenance.compact,
  };
};

/** The heads of both sinks of the present generation, and where its log ends: no earlier than what was closed of it. */
async function headsOf({ generation, partitions, runner, hot, queue }: CloudStoreDeps) {
  const archive = createArchive({ runner });
  const ranges = await queue.ranges();
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const inWarm: SinkHead = (await archive.head(generation, partition)) ?? emptyHead(generation, partition);
      const inHot: SinkHead = hot ? await runner.run(readHot(generation, partition)) : inWarm;
      const end = endOf(ranges.find((range) => range.partition === partition)?.end ?? 0, inHot, inWarm);
      return { partition, end, hot: inHot, warm: inWarm };
    }),
  );
}
