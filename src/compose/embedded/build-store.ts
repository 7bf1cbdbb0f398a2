import { createHash } from 'node:crypto';
import { SqliteDeadLetters } from '../../adapters/dead-letters/sqlite/sqlite-dead-letters.ts';
import { nodeFileSystem } from '../../adapters/file-system/node.ts';
import { openSegmentReader } from '../../adapters/queue/segment/segment-reader.ts';
import { firstGap, type Intervals } from '../../core/intervals.ts';
import type { DeadLetter } from '../../core/ports/dead-letters.ts';
import type { ProcessConfig } from '../../core/processor.ts';
import type { LogRecord, Outcome } from '../../core/record.ts';
import { stateOf } from '../../core/state-under.ts';
import type { PartitionHead } from '../../core/warm/progress.ts';
import { mask, maskRecord } from '../../pipeline/accept/mask.ts';
import { createArchive } from '../../pipeline/archive.ts';
import { createCatalogue } from '../../pipeline/catalogue.ts';
import { createExplain } from '../../pipeline/explain.ts';
import { rollupsIn } from '../../pipeline/measure/rollup.ts';
import { createProcess, type Process } from '../../pipeline/process.ts';
import { processRulesKey } from '../../pipeline/process-rules.ts';
import { BatchRecords, recordsOf } from '../../pipeline/records-of.ts';
import { StepRunner } from '../../pipeline/run-steps.ts';
import { ClientIds } from '../../pipeline/store/client-ids.ts';
import { LedgerBook } from '../../pipeline/store/ledger.ts';
import type { OpenBatch } from '../../pipeline/store/open-batch.ts';
import type { Process as SinkProcess } from '../../pipeline/store/outcome-of.ts';
import { PoisonWatch } from '../../pipeline/store/poison.ts';
import { PartitionProgress } from '../../pipeline/store/progress.ts';
import { createRedrive } from '../../pipeline/store/redrive.ts';
import { StoreSearch } from '../../pipeline/store/search.ts';
import { Signal } from '../../pipeline/store/signal.ts';
import { Sink } from '../../pipeline/store/sink.ts';
import { SourceFinder } from '../../pipeline/store/sources.ts';
import { createSqlEngine } from '../../pipeline/store/sql-engine.ts';
import { createStore, type StorePartition } from '../../pipeline/store/store.ts';
import { Tails } from '../../pipeline/store/tails.ts';
import type { StoreApi } from '../../pipeline/store-api.ts';
import { buildMaintenance } from './build-maintenance.ts';
import { openPoisonFile } from './poison-file.ts';
import { takeProfile } from './profiles.ts';
import { dataPaths, tenantSettings } from './settings.ts';
import type { StoreData } from './store-messages.ts';
import { openStoreParts, type StoreParts } from './store-parts.ts';

export type BuiltStore = {
  api: StoreApi;
  start(): void;
  advance(ends: { partition: number; end: number }[]): void;
  stop(commit: boolean): Promise<void>;
};

const maxOpenParts = 512;
const hash128 = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/**
 * Builds the stores of one signal on the store thread, in the order of the way of a record, over what all signals share (`parts`, of its own unless
 * given). `released` is told how far a partition is closed durably.
 */
export async function buildStore(
  data: StoreData,
  released: (partition: number, offset: number) => void,
  given?: StoreParts,
): Promise<BuiltStore> {
  const parts = given ?? (await openStoreParts(data.settings));
  const { settings, generation, ends, signal = 'logs' } = data;
  const holes = [...data.holes];
  const paths = dataPaths(settings.dataDir, signal);
  const { warm, warmQuery, cache, clock } = parts;
  const log = signal === 'logs' ? parts.log : parts.log.with({ signal });
  const state = stateOf(parts.state, signal);
  const deadLetters = new SqliteDeadLetters(paths.deadLetters);
  const runner = new StepRunner(state, warm, signal);
  const archive = createArchive({ runner });
  const catalogue = createCatalogue({ runner, state });
  const reader = openSegmentReader({
    folder: paths.segments,
    files: nodeFileSystem,
    ends,
    onHole: (hole) => holes.push(hole),
    reuses: true,
  });
  const marker = openPoisonFile(paths.marks);
  const poison = new PoisonWatch(marker, ends.length);
  const tails = new Tails();
  const progress = new Signal();

  const maskFor = (tenant: string) => (record: LogRecord) => {
    const copy = { ...record, attributes: { ...record.attributes } };
    return maskRecord(copy, tenantSettings(settings, tenant).mask) > 0 ? copy : record;
  };
  const masks = new Map<string, (record: LogRecord) => LogRecord>();
  const maskOf = (tenant: string) => {
    const known = masks.get(tenant);
    if (known) return known;
    const made = maskFor(tenant);
    masks.set(tenant, made);
    return made;
  };

  const processes = new Map<number, Process>([[settings.process.version, createProcess(settings.process)]]);
  const processOf = async (version: number): Promise<Process> => {
    const known = processes.get(version);
    if (known) return known;
    const stored = await state.get<ProcessConfig>(processRulesKey(version));
    if (!stored) log.warn({ version }, 'process rules of this version are not known, the present ones are used');
    const made = createProcess(stored?.value ?? settings.process);
    processes.set(version, made);
    return made;
  };

  const sinks: Sink[] = [];
  const closed: Intervals[] = [];
  const sources = new SourceFinder({ catalogue, warm, cache, generation, maxOpenParts });
  const search = new StoreSearch(sources, createSqlEngine({ warmQuery, sources }), settings.query, clock);
  const clientIds = new ClientIds((tenant, ids) => search.committedIds(tenant, ids));
  const maintenance = buildMaintenance({ signal, settings, state, warm, runner, catalogue, search, clock, log });

  const partitions: StorePartition[] = [];
  const heads = await catalogue.partitions();
  for (const { partition, end } of ends) {
    const head = await archive.check(generation, partition, end);
    closed[partition] = head.closed;
    const sink = new Sink(
      {
        generation,
        partition,
        reader,
        open: (batch) => new BatchRecords(batch, { hash: hash128 }),
        processOf: async (version) => {
          const process = await processOf(version);
          const run: SinkProcess = (record, { tenant, position }) => process(record, { tenant, position, maskRecord: maskOf(tenant) });
          return Object.assign(run, { isPlain: process.isPlain });
        },
        closed: () => closed[partition]!,
        async commit(batch: OpenBatch, part) {
          const { done, dropped, dead, minutes } = batch;
          const result = await archive.commit({ generation, partition, part, done, dropped, dead, minutes });
          closed[partition] = result.head.closed;
          if (part) maintenance.committed();
          released(partition, firstGap(result.head.closed));
        },
        deadLetters,
        clientIds,
        tails,
        poison,
        clock,
        log,
        sealAfterMs: settings.sealAfterMs,
        codeVersion: settings.version,
        holeReason: (offset) =>
          holes.find((hole) => hole.partition === partition && offset >= hole.from && offset < hole.to)?.reason ?? 'corrupt',
        progressed: () => progress.send(),
      },
      firstGap(head.closed),
      end,
    );
    sinks.push(sink);
    sources.add({ partition, sink, formerEnd: formerEndOf(heads, generation, partition) });
    partitions.push({ sink, progress: new PartitionProgress(generation, partition, archive, sink) });
    released(partition, firstGap(head.closed));
  }

  const ledger = new LedgerBook({
    catalogue,
    deadLetters,
    progress: partitions.map((item) => item.progress),
    unread: () => sinks.reduce((total, sink) => total + sink.end - sink.cursor, 0),
    holes: () => holes,
    nowUs: () => clock.nowMs() * 1_000,
  });

  const retry = async (letter: DeadLetter): Promise<Outcome> => {
    const { tenant, position, observedUs, body } = letter;
    const batch = { tenant, observedUs, format: 'ndjson', payload: Buffer.from(body), total: 1, accepted: undefined, count: 1 } as const;
    const rest = { defaults: {}, requestId: '', rulesVersion: 0, idempotency: undefined, ...position, baseOffset: position.offset };
    const [item] = recordsOf({ ...batch, ...rest }, { hash: hash128 });
    if (!item || 'fault' in item) return { kind: 'dead', code: item?.fault.code ?? 'MISSING', detail: item?.fault.detail ?? 'no record' };
    const process = await processOf(settings.process.version);
    return process(item.record, { tenant, position, maskRecord: maskOf(tenant) });
  };

  const explain = createExplain(settings.process);
  const api = createStore({
    rollups: signal === 'metrics' ? rollupsIn({ state, warm, clock }) : undefined,
    generation,
    partitions,
    sources,
    search,
    ledger,
    tails,
    deadLetters,
    redrive: createRedrive({ deadLetters, archive, clientIds, retry, nowMs: () => clock.nowMs() }),
    explain(tenant, raw) {
      const { masked, counts } = mask(Buffer.from(JSON.stringify(raw)), tenantSettings(settings, tenant).mask);
      const explained = explain(JSON.parse(Buffer.from(masked).toString()), {
        tenant,
        observedUs: clock.nowMs() * 1_000,
        defaults: {},
        hash: hash128,
        position: { generation, partition: 0, offset: sinks[0]!.end },
        maskRecord: maskOf(tenant),
      });
      if (Object.keys(counts).length > 0) explained.steps.unshift({ verb: 'accept', name: 'mask', change: counts });
      return explained;
    },
    analytics: maintenance.analytics,
    storage: maintenance.storage,
    profile: (kind, seconds) => takeProfile(paths.profiles, 'store', kind, seconds),
    compact: maintenance.compact,
    derived: maintenance.derived,
    nextProgress: (ms) => progress.next(ms),
    halted: () => undefined,
    windows: settings.windows,
    clock,
  });

  return {
    api,
    start() {
      for (const sink of sinks) sink.start();
      maintenance.start();
    },
    advance(moved) {
      for (const { partition, end } of moved) {
        reader.advance(partition, end);
        sinks[partition]?.advance(end);
      }
    },
    async stop(commit) {
      await maintenance.stop();
      await Promise.all(sinks.map((sink) => sink.stop(commit)));
      await reader.close();
      sources.close();
      marker.close();
      await deadLetters.close();
      if (!given) await parts.close();
    },
  };
}

/** Where a partition ended in the generations of the queue before this one. */
const formerEndOf = (heads: PartitionHead[], generation: number, partition: number): number =>
  Math.max(
    0,
    ...heads.filter((head) => head.partition === partition && head.generation < generation).map(({ closed }) => closed.at(-1)?.[1] ?? 0),
  );
