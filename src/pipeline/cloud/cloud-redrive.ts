import { setTimeout as sleep } from 'node:timers/promises';
import { encodeNow } from '../../columnar/encode.ts';
import { Table } from '../../columnar/table.ts';
import type { Clock } from '../../core/clock.ts';
import { commitHot } from '../../core/hot/commit-hot.ts';
import { idOf } from '../../core/ids.ts';
import { includes, intervalsOf, offsetsOf, sizeOf } from '../../core/intervals.ts';
import type { DeadLetter, DeadLetters } from '../../core/ports/dead-letters.ts';
import type { Outcome, StoredRecord } from '../../core/record.ts';
import { dayOf } from '../../core/warm/file.ts';
import type { SinkName } from '../../core/warm/keys.ts';
import { statusOf } from '../../core/warm/status.ts';
import type { WindowSettings } from '../../core/windows/window.ts';
import type { HotStore } from '../../query/ports/hot-store.ts';
import { redriveInWindows } from '../aggregate/redrive-windows.ts';
import { createArchive } from '../archive.ts';
import { BatchAccount } from '../deliver/batch-account.ts';
import type { Processing } from '../deliver/types.ts';
import type { StepRunner } from '../run-steps.ts';
import type { ClientIds } from '../store/client-ids.ts';
import { causeOf } from '../store/dead-letter-of.ts';
import type { RedriveRequest, RedriveResult } from '../store/redrive.ts';

export type CloudRedriveDeps = {
  runner: StepRunner;
  hot: HotStore | undefined;
  deadLetters: DeadLetters;
  processing: Processing;
  clientIds: ClientIds;
  /** Where windows are kept by a sink of their own. */
  windows?: WindowSettings | undefined;
  clock: Clock;
};

type Retried = { letter: DeadLetter; outcome: Outcome };

const batchLetters = 500;
const maxLetters = 100_000;

/**
 * Brings dead letters home in the sinks that they are of. Only positions that are dead in a sink's head move there, so doing it twice, or twice at
 * once, is doing it once. A letter of both sinks of which one has yet to come to the position is found again when that one has.
 */
export async function redriveLetters(deps: CloudRedriveDeps, tenant: string, request: RedriveRequest): Promise<RedriveResult> {
  const { ids, cause, dryRun = false, ratePerS } = request;
  const filter = { tenant, state: 'dead' as const, limit: maxLetters, ...(ids ? { ids } : {}), ...(cause ? { cause } : {}) };
  const letters = await deps.deadLetters.list(filter);
  const result = { matched: letters.length, redriven: 0, skipped: 0 };
  for (let at = 0; at < letters.length; at += batchLetters) {
    if (ratePerS !== undefined && at > 0) await sleep((batchLetters / ratePerS) * 1_000);
    const slice = letters.slice(at, at + batchLetters);
    const retried = await Promise.all(slice.map(async (letter) => ({ letter, outcome: await deps.processing.retry(letter) })));
    const refused = dryRun ? [] : await moveLetters(deps, tenant, retried);
    const stillDead = [...retried.filter(({ outcome }) => outcome.kind === 'dead'), ...refused];
    if (!dryRun) await keepDead(deps, stillDead);
    result.redriven += slice.length - stillDead.length;
    result.skipped += stillDead.length;
  }
  return result;
}

/** Moves what passes now; resolves to what a store refused. */
async function moveLetters(deps: CloudRedriveDeps, tenant: string, retried: Retried[]): Promise<Retried[]> {
  const refused: Retried[] = [];
  const passing = retried.filter(({ outcome }) => outcome.kind !== 'dead');
  const byPartition = Map.groupBy(passing, ({ letter }) => `${letter.position.generation}.${letter.position.partition}`);
  for (const items of byPartition.values()) {
    items.sort((a, b) => a.letter.position.offset - b.letter.position.offset);
    const ofSink = (sink: SinkName) => items.filter(({ letter }) => letter.sink === sink || letter.sink === 'both');
    refused.push(...(await moveInHot(deps, tenant, await deadIn(deps, 'hot', ofSink('hot')))));
    await moveInWarm(deps, tenant, await deadIn(deps, 'warm', ofSink('warm')));
    const { windows } = deps;
    if (windows) await redriveInWindows({ ...deps, windows }, tenant, await deadIn(deps, 'aggregate', ofSink('aggregate')));
  }
  const left = new Set(refused.map(({ letter }) => letter.id));
  for (const { letter } of passing)
    if (!left.has(letter.id)) await deps.deadLetters.mark(letter.id, 'dead', 'redriven', deps.clock.nowMs());
  return refused;
}

/** Those whose position is dead in a sink: what is not, is not written either. */
async function deadIn({ runner }: CloudRedriveDeps, sink: SinkName, items: Retried[]): Promise<Retried[]> {
  if (items.length === 0) return [];
  const { generation, partition } = items[0]!.letter.position;
  const offsets = offsetsOf(items.map(({ letter }) => letter.position.offset));
  const { dead } = await runner.run(statusOf(generation, partition, offsets, sink));
  return items.filter(({ letter }) => includes(dead, letter.position.offset));
}

async function moveInHot({ runner, hot }: CloudRedriveDeps, tenant: string, items: Retried[]): Promise<Retried[]> {
  if (!hot || items.length === 0) return [];
  const account = new BatchAccount(true);
  const refused: Retried[] = [];
  const kept = new Map<number, Retried>();
  const records: StoredRecord[] = [];
  for (const item of items) {
    const { position, observedUs } = item.letter;
    if (item.outcome.kind === 'drop') account.drop(tenant, observedUs, position.offset, item.outcome.reason);
    if (item.outcome.kind !== 'keep') continue;
    kept.set(position.offset, item);
    const { record } = item.outcome;
    records.push({ ...record, ...position, tenant, id: record.client_id ?? idOf(position) });
  }
  for (const { position, result, code = 'STORE_REFUSED', detail = '' } of records.length > 0 ? await hot.write(records) : []) {
    const { letter } = kept.get(position.offset)!;
    if (result === 'dead') refused.push({ letter, outcome: { kind: 'dead', code, detail } });
    else if (result === 'duplicate') account.drop(tenant, letter.observedUs, position.offset, 'duplicate');
    else account.keep(tenant, letter.observedUs, position.offset);
  }
  if (account.isEmpty) return refused;
  const { generation, partition } = items[0]!.letter.position;
  const byDay = Map.groupBy(items, ({ letter }) => dayOf(letter.observedUs));
  const observed = [...byDay].map(([day, of]) => [day, offsetsOf(of.map(({ letter }) => letter.position.offset))] as const);
  const { done, dropped, minutes } = account;
  await runner.run(commitHot({ generation, partition, batch: { done, dropped, dead: [], redrive: true }, observed, minutes }));
  return refused;
}

async function moveInWarm({ runner, clientIds }: CloudRedriveDeps, tenant: string, items: Retried[]): Promise<void> {
  if (items.length === 0) return;
  const account = new BatchAccount(true);
  const table = new Table();
  const own = new Set<string>();
  const taken = await clientIds.taken(tenant, idsIn(items));
  try {
    for (const { letter, outcome } of items) {
      const { position, observedUs } = letter;
      const id = outcome.kind === 'keep' ? outcome.record.client_id : undefined;
      const isTaken = id !== undefined && (taken.has(id) || own.has(id));
      const reason = isTaken ? 'duplicate' : outcome.kind === 'drop' ? outcome.reason : undefined;
      if (reason) account.drop(tenant, observedUs, position.offset, reason);
      else if (outcome.kind === 'keep' && table.add(tenant, position, outcome.record)) account.keep(tenant, observedUs, position.offset);
      if (id !== undefined) own.add(id);
    }
    const { generation, partition } = items[0]!.letter.position;
    const { done, dropped, minutes } = account;
    const part = sizeOf(done) > 0 ? encodeNow(table) : undefined;
    await createArchive({ runner }).commit({
      generation,
      partition,
      part,
      done: intervalsOf(done),
      dropped,
      dead: [],
      minutes,
      redrive: true,
    });
  } finally {
    taken.end();
  }
}

function* idsIn(items: Retried[]): Generator<string> {
  for (const { outcome } of items) if (outcome.kind === 'keep' && outcome.record.client_id !== undefined) yield outcome.record.client_id;
}

/** Notes on letters that still cannot pass that they were tried once more, and why not. */
async function keepDead({ deadLetters, clock }: CloudRedriveDeps, items: Retried[]): Promise<void> {
  const letters = items.flatMap(({ letter, outcome }) => {
    if (outcome.kind !== 'dead') return [];
    const { code, detail } = outcome;
    return [{ ...letter, code, detail, cause: causeOf(code, detail), attempts: letter.attempts + 1, lastAtMs: clock.nowMs() }];
  });
  if (letters.length > 0) await deadLetters.put(letters);
}
