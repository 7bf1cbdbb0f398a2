import { setImmediate as yieldToLoop } from 'node:timers/promises';
import { type EncodedPart, encodeTable } from '../../columnar/encode.ts';
import { Table } from '../../columnar/table.ts';
import type { QueueBatch } from '../../core/ports/queue.ts';
import type { DropReason } from '../../core/record.ts';
import type { CommitResult } from '../../core/warm/commit.ts';
import type { PartitionHead } from '../../core/warm/progress.ts';
import { type Archive, createArchive } from '../archive.ts';
import type { Decoded } from '../records-of.ts';
import { type IdHolder, idsIn } from '../store/client-ids.ts';
import { BatchAccount } from './batch-account.ts';
import { letterOf } from './letters.ts';
import { tryUntil } from './retry.ts';
import type { Budget, WarmDeps } from './types.ts';
import type { Judged, SinkWriter } from './writer.ts';

/** What becomes one file. */
class OpenFile implements IdHolder {
  readonly table = new Table();
  readonly clientIds = new Set<string>();
  readonly account = new BatchAccount();
  /** Once made, it is what every attempt writes: the same content has the same name. */
  part: EncodedPart | undefined;
}

/** Gathers rows in a table, and commits it as a file. */
export class WarmWriter implements SinkWriter {
  readonly sink = 'warm';
  readonly #deps: WarmDeps;
  readonly #archive: Archive;
  readonly #generation: number;
  readonly #partition: number;
  #open = new OpenFile();

  constructor(deps: WarmDeps, generation: number, partition: number) {
    this.#deps = deps;
    this.#archive = createArchive(deps);
    this.#generation = generation;
    this.#partition = partition;
    deps.clientIds.hold(this.#open);
  }

  get rows(): number {
    return this.#open.table.rows;
  }

  get isFull(): boolean {
    return this.#open.table.isFull || this.#open.part !== undefined;
  }

  head(): Promise<PartitionHead> {
    return this.#archive.head(this.#generation, this.#partition);
  }

  taken(batch: QueueBatch, items: Decoded[]) {
    return this.#deps.clientIds.taken(batch.tenant, idsIn(items));
  }

  add({ outcome, item, batch, position }: Judged): void {
    const { clock, codeVersion, log } = this.#deps;
    const { table, clientIds, account } = this.#open;
    const { tenant, observedUs, requestId } = batch;
    const { partition, offset } = position;
    if (outcome.kind === 'keep') {
      table.add(tenant, position, outcome.record);
      if (outcome.record.client_id !== undefined) clientIds.add(outcome.record.client_id);
      account.keep(tenant, observedUs, offset);
    } else if (outcome.kind === 'drop') {
      account.drop(tenant, observedUs, offset, outcome.reason);
    } else {
      const { code, detail } = outcome;
      const sink = code === 'CRASH' ? 'warm' : 'both';
      account.bury(letterOf(outcome, item, batch, position, { sink, nowMs: clock.nowMs(), codeVersion }));
      log.warn({ request_id: requestId, tenant, partition, offset, code, detail }, 'record set aside');
    }
  }

  lose(from: number, to: number, reason: DropReason): void {
    this.#open.account.lose(from, to, reason);
  }

  async commit(budget: Budget, retried: () => void): Promise<CommitResult | undefined> {
    const { clock, deadLetters, clientIds } = this.#deps;
    const open = this.#open;
    const { account, table } = open;
    if (account.isEmpty) return undefined;
    if (table.rows > 0) open.part ??= await encode(table);
    if (account.letters.length > 0) {
      const letters = [...account.letters];
      await tryUntil(clock, budget, 'the dead letters', () => deadLetters.put(letters), retried);
    }
    const { done, dropped, dead, minutes } = account;
    const batch = { generation: this.#generation, partition: this.#partition, part: open.part, done, dropped, dead, minutes };
    const result = await tryUntil(clock, budget, 'the warm store', () => this.#archive.commit(batch), retried);
    this.#open = new OpenFile();
    clientIds.hold(this.#open);
    clientIds.release(open);
    return result;
  }

  /** Lets go of what was taken: it is delivered again. */
  abandon(): void {
    this.#deps.clientIds.release(this.#open);
  }
}

async function encode(table: Table): Promise<EncodedPart> {
  const encoding = encodeTable(table);
  for (;;) {
    const step = encoding.next();
    if (step.done) return step.value;
    await yieldToLoop();
  }
}
