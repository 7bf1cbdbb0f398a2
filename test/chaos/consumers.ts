import { createHash } from 'node:crypto';
import { setTimeout as delay, setImmediate as yieldToLoop } from 'node:timers/promises';
import { SqliteDeadLetters } from '../../src/adapters/dead-letters/sqlite/sqlite-dead-letters.ts';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { MemoryWarmStore } from '../../src/adapters/warm/memory/memory-warm-store.ts';
import { PageCache } from '../../src/columnar/page-cache.ts';
import { systemClock } from '../../src/core/clock.ts';
import { firstGap, type Intervals } from '../../src/core/intervals.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { QueueBatch, QueueReader } from '../../src/core/ports/queue.ts';
import type { StateStore, StateWrite } from '../../src/core/ports/state-store.ts';
import type { WarmStore } from '../../src/core/ports/warm-store.ts';
import type { LogRecord, Outcome } from '../../src/core/record.ts';
import { createArchive } from '../../src/pipeline/archive.ts';
import { createCatalogue } from '../../src/pipeline/catalogue.ts';
import { BatchRecords, recordsOf } from '../../src/pipeline/records-of.ts';
import { StepRunner } from '../../src/pipeline/run-steps.ts';
import { ClientIds } from '../../src/pipeline/store/client-ids.ts';
import { LedgerBook } from '../../src/pipeline/store/ledger.ts';
import { type PoisonMarker, PoisonWatch } from '../../src/pipeline/store/poison.ts';
import { PartitionProgress } from '../../src/pipeline/store/progress.ts';
import { createRedrive } from '../../src/pipeline/store/redrive.ts';
import { always, StoreSearch } from '../../src/pipeline/store/search.ts';
import { Sink } from '../../src/pipeline/store/sink.ts';
import { SourceFinder } from '../../src/pipeline/store/sources.ts';
import { Tails } from '../../src/pipeline/store/tails.ts';
import { everything } from '../../src/query/ast/expression.ts';

export const generation = 1;
export const partition = 0;
export const tenant = 'acme';
const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** What consumers share: the stores, and the log. */
export type Shared = {
  end: number;
  /** Whether some records bring ids of their own, some of them one that another record brought. */
  hasIds: boolean;
  state: StateStore;
  warm: WarmStore;
  deadLetters: SqliteDeadLetters;
  /** Whether what poisons records has been mended. */
  isMended: boolean;
};

/** A way in which consumers are broken on purpose. */
export type Fault = { state?: (state: StateStore) => StateStore; idsUnchecked?: boolean };

export const share = (end: number, hasIds: boolean): Shared => ({
  end,
  hasIds,
  state: new MemoryStateStore(),
  warm: new MemoryWarmStore(),
  deadLetters: new SqliteDeadLetters(':memory:'),
  isMended: false,
});

export const isDropped = (offset: number): boolean => offset % 17 === 4;
export const isPoison = (offset: number): boolean => offset % 41 === 3;
/** The id that a record brought: every seventh has one, and the one 70 offsets later brings the same. */
export const idAt = (offset: number): string | undefined =>
  offset % 7 === 0 ? `own-${offset % 140 < 70 ? offset : offset - 70}` : undefined;

export function batchOf(from: number, to: number, hasIds: boolean): QueueBatch {
  const lines = Array.from({ length: to - from }, (_, i) => {
    const id = hasIds ? idAt(from + i) : undefined;
    return JSON.stringify({ ...(id ? { id } : {}), message: `record ${from + i}`, service: `s${(from + i) % 3}` });
  });
  return {
    tenant,
    observedUs: 1_763_712_000_000_000 + from * 1_000_000,
    format: 'ndjson',
    payload: Buffer.from(lines.join('\n')),
    total: to - from,
    accepted: undefined,
    count: to - from,
    defaults: {},
    requestId: `r-${from}-${to}`,
    rulesVersion: 1,
    idempotency: undefined,
    generation,
    partition,
    baseOffset: from,
  };
}

/** The log as one consumer gets it: every batch twice, with boundaries of its own, beginning before what was asked for. */
function redelivering({ end, hasIds }: Shared, random: () => number): QueueReader {
  return {
    async read(_, offset) {
      await delay(1 + random() * 3);
      const from = Math.max(0, offset - Math.floor(random() * 20));
      const to = Math.min(end, offset + 1 + Math.floor(random() * 24));
      const overlapping = Math.min(end, to + Math.floor(random() * 12));
      const first = batchOf(from, to, hasIds);
      return [first, first, batchOf(Math.max(from, to - 5), overlapping, hasIds)].filter(({ count }) => count > 0);
    },
    close: async () => {},
  };
}

/** Poison fails until it is mended; some records are dropped by a rule. */
function judge({ isMended }: Shared, record: LogRecord, offset: number): Outcome {
  if (isDropped(offset)) return { kind: 'drop', reason: 'rule' };
  if (isPoison(offset) && !isMended) throw new Error('poison');
  return { kind: 'keep', record };
}

/** One consumer with a store of its own over what is shared, as a process would be. */
export class Consumer {
  readonly sink: Sink;
  readonly search: StoreSearch;
  readonly ledger: LedgerBook;
  readonly progress: PartitionProgress;
  readonly #redrive: ReturnType<typeof createRedrive>;
  #life = { isDead: false, transactionsLeft: Number.POSITIVE_INFINITY };

  private constructor(shared: Shared, head: { closed: Intervals }, life: { isDead: boolean; transactionsLeft: number }, more: Opening) {
    const { state, warm } = mortal(shared, life, more.fault);
    this.#life = life;
    const { deadLetters, end } = shared;
    const runner = new StepRunner(state, warm);
    const archive = createArchive({ runner });
    const catalogue = createCatalogue({ runner, state });
    const sources = new SourceFinder({ catalogue, warm, cache: new PageCache(1 << 22), generation, maxOpenParts: 64 });
    this.search = new StoreSearch(sources, undefined);
    const clientIds = new ClientIds(async (of, ids) => (more.fault?.idsUnchecked ? new Set() : this.search.committedIds(of, ids)));
    let { closed } = head;
    this.sink = new Sink(
      {
        generation,
        partition,
        reader: more.reader ?? redelivering(shared, more.random),
        open: (batch) => new BatchRecords(batch, { hash }),
        processOf: async () => (record, context) => judge(shared, record, context.position.offset),
        closed: () => closed,
        async commit(batch, part) {
          const { done, dropped, dead, minutes } = batch;
          closed = (await archive.commit({ generation, partition, part, done, dropped, dead, minutes })).head.closed;
          more.committed?.(firstGap(closed));
        },
        deadLetters,
        clientIds,
        tails: new Tails(),
        poison: new PoisonWatch(more.marker ?? { read: () => undefined, write: () => {} }, 1),
        clock: systemClock,
        log: silentLog,
        sealAfterMs: more.sealAfterMs,
        codeVersion: '1',
        holeReason: () => 'corrupt',
        progressed: () => {},
      },
      more.start ?? firstGap(closed),
      end,
    );
    sources.add({ partition, sink: this.sink });
    this.progress = new PartitionProgress(generation, partition, archive, this.sink);
    this.ledger = new LedgerBook({
      catalogue,
      deadLetters,
      progress: [this.progress],
      unread: () => this.sink.end - this.sink.cursor,
      holes: () => [],
      nowUs: () => systemClock.nowMs() * 1_000,
    });
    this.#redrive = createRedrive({
      deadLetters,
      archive,
      clientIds,
      retry: async (letter) => {
        const [item] = recordsOf(
          { ...batchOf(letter.position.offset, letter.position.offset + 1, false), payload: Buffer.from(letter.body) },
          { hash },
        );
        if (!item || 'fault' in item) throw new Error('a letter that cannot be read');
        try {
          return judge(shared, item.record, letter.position.offset);
        } catch {
          return { kind: 'dead', code: 'PROCESS_FAILED', detail: 'poison' };
        }
      },
      nowMs: () => systemClock.nowMs(),
    });
  }

  /** Starts to consume: from the first open offset, or from another, as when somebody else has the offsets before. */
  static async open(shared: Shared, more: Opening): Promise<Consumer> {
    const life = { isDead: false, transactionsLeft: more.diesAtTransaction ?? Number.POSITIVE_INFINITY };
    const { state } = mortal(shared, life, undefined);
    const head = await createArchive({ runner: new StepRunner(state, shared.warm) }).head(generation, partition);
    return new Consumer(shared, head, life, more);
  }

  get isDead(): boolean {
    return this.#life.isDead;
  }

  /** The process is gone: nothing that it began is heard of again. */
  kill(): void {
    this.#life.isDead = true;
    void this.sink.stop(false);
  }

  redrive = (cause: string) => this.#redrive(tenant, { cause });

  /** The offsets that a query finds, each as often as it finds it. */
  async visible(): Promise<number[]> {
    const { records } = await this.search.search({ tenant, time: always, where: everything, order: 'asc', limit: 100_000 });
    return records.map(({ offset }) => offset).sort((a, b) => a - b);
  }
}

type Opening = {
  random: () => number;
  sealAfterMs: number;
  start?: number;
  /** Dies before this transaction, when its file is there already. */
  diesAtTransaction?: number;
  fault?: Fault | undefined;
  /** The log; one that delivers everything twice unless given. */
  reader?: QueueReader;
  /** What it was working on when it died. */
  marker?: PoisonMarker;
  /** Told how far offsets are closed durably. */
  committed?: (offset: number) => void;
};

/** The shared stores as a process sees them that may die: then no call ever answers. Every call lets others go first. */
function mortal({ state, warm }: Shared, life: { isDead: boolean; transactionsLeft: number }, fault: Fault | undefined) {
  const never = new Promise<never>(() => {});
  const alive = async () => {
    await yieldToLoop();
    if (life.isDead) await never;
  };
  const base = fault?.state?.(state) ?? state;
  const mortalState: StateStore = {
    get: (key, known) => alive().then(() => base.get(key, known)),
    list: (prefix) => alive().then(() => base.list(prefix)),
    compareAndSet: (key, version, value) => alive().then(() => base.compareAndSet(key, version, value)),
    transact: async (writes: StateWrite[]) => {
      if (life.transactionsLeft-- <= 0) life.isDead = true;
      await alive();
      return base.transact(writes);
    },
    close: async () => {},
  };
  const mortalWarm: WarmStore = {
    putIfAbsent: (name, parts) => alive().then(() => warm.putIfAbsent(name, parts)),
    replace: (name, parts) => alive().then(() => warm.replace(name, parts)),
    get: (name) => alive().then(() => warm.get(name)),
    open: (name) => alive().then(() => warm.open(name)),
    remove: (name) => alive().then(() => warm.remove(name)),
    list: (prefix) => alive().then(() => warm.list(prefix)),
  };
  return { state: mortalState, warm: mortalWarm };
}
