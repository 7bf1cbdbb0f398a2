import { SqliteDeadLetters } from '../../src/adapters/dead-letters/sqlite/sqlite-dead-letters.ts';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { MemoryWarmStore } from '../../src/adapters/warm/memory/memory-warm-store.ts';
import type { EncodedPart } from '../../src/columnar/directory.ts';
import { encodeTable } from '../../src/columnar/encode.ts';
import { PageCache } from '../../src/columnar/page-cache.ts';
import type { Table } from '../../src/columnar/table.ts';
import type { StateStore } from '../../src/core/ports/state-store.ts';
import type { DropReason, LogRecord } from '../../src/core/record.ts';
import { createArchive } from '../../src/pipeline/archive.ts';
import { createCatalogue } from '../../src/pipeline/catalogue.ts';
import { StepRunner } from '../../src/pipeline/run-steps.ts';
import { deadLetterOf } from '../../src/pipeline/store/dead-letter-of.ts';
import { OpenBatch } from '../../src/pipeline/store/open-batch.ts';
import { StoreSearch } from '../../src/pipeline/store/search.ts';
import { SourceFinder } from '../../src/pipeline/store/sources.ts';
import { recordOf } from '../archive/open-archive.ts';

export const generation = 0;
export const minuteUs = 60_000_000;

/** What one offset is, and what becomes of it. */
export type Given = {
  offset: number;
  tenant?: string;
  /** Epoch microseconds. */
  observedUs?: number;
  drop?: DropReason;
  dead?: boolean;
  clientId?: string;
  record?: Partial<LogRecord>;
};

/** The stores of one process over memory, without a queue: batches are made and committed by the test. */
export function openStores(partitions = 1, wrap: (state: StateStore) => StateStore = (state) => state) {
  const state = wrap(new MemoryStateStore());
  const warm = new MemoryWarmStore();
  const deadLetters = new SqliteDeadLetters(':memory:');
  const runner = new StepRunner(state, warm);
  const archive = createArchive({ runner });
  const catalogue = createCatalogue({ runner, state });
  const sources = new SourceFinder({ catalogue, warm, cache: new PageCache(1 << 20), generation, maxOpenParts: 8 });
  const search = new StoreSearch(sources, undefined);
  /** Sinks as their readers see them. */
  const sinks = Array.from({ length: partitions }, () => ({ cursor: 0, end: 0, open: [] as OpenBatch[] }));
  for (const [partition, sink] of sinks.entries()) sources.add({ partition, sink });

  /** Reads offsets as a sink does; their letters are stored. */
  async function read(partition: number, given: Given[]): Promise<OpenBatch> {
    const batch = new OpenBatch(0);
    const sink = sinks[partition]!;
    sink.open = [...sink.open, batch];
    for (const { offset, tenant = 'acme', observedUs = minuteUs, drop, dead, clientId, record } of given) {
      const position = { generation, partition, offset };
      batch.count(tenant, observedUs, offset, drop);
      if (drop) batch.drop(offset, drop, observedUs);
      else if (dead) {
        const cause = { code: 'PROCESS_FAILED', detail: 'poison' };
        batch.bury(deadLetterOf({ tenant, position, body: JSON.stringify({ offset }), observedUs, ...cause, nowMs: 0, codeVersion: '1' }));
      } else batch.keep(tenant, position, { ...recordOf(offset, record), observed_timestamp: observedUs, client_id: clientId });
      sink.cursor = Math.max(sink.cursor, offset + 1);
      sink.end = Math.max(sink.end, sink.cursor);
    }
    await batch.storeLetters((letters) => deadLetters.put(letters));
    return batch;
  }

  /** Commits a batch and lets go of it, as a sink does. */
  async function commit(partition: number, batch: OpenBatch): Promise<void> {
    const { done, dropped, dead, minutes } = batch;
    await archive.commit({ generation, partition, part: encodeNow(batch.table), done, dropped, dead, minutes });
    const sink = sinks[partition]!;
    sink.open = sink.open.filter((item) => item !== batch);
  }

  return { state, warm, deadLetters, archive, catalogue, sources, search, sinks, read, commit };
}

export function encodeNow(table: Table): EncodedPart | undefined {
  if (table.rows === 0) return undefined;
  const steps = encodeTable(table);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
