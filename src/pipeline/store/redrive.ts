import { setTimeout as sleep } from 'node:timers/promises';
import { encodeNow } from '../../columnar/encode.ts';
import type { DeadLetter, DeadLetters } from '../../core/ports/dead-letters.ts';
import type { Outcome } from '../../core/record.ts';
import type { Archive } from '../archive.ts';
import type { ClientIds } from './client-ids.ts';
import { causeOf } from './dead-letter-of.ts';
import { OpenBatch } from './open-batch.ts';

export type RedriveRequest = { ids?: string[]; cause?: string; dryRun?: boolean; ratePerS?: number };
export type RedriveResult = { matched: number; redriven: number; skipped: number };

export type RedriveDeps = {
  deadLetters: DeadLetters;
  archive: Archive;
  /** Those of the sinks. */
  clientIds: ClientIds;
  /** Decodes and processes a letter's bytes as the platform would today. */
  retry(letter: DeadLetter): Promise<Outcome>;
  nowMs(): number;
};

const batchLetters = 500;
const maxLetters = 100_000;

/**
 * Brings dead letters home: each is decoded and processed anew, and what passes now is committed at its old position. Only positions that are
 * dead under the letter move, so doing it twice, or twice at once, is doing it once. One redrive runs at a time: of two, each would take the
 * other's records for others with the same ids.
 */
export function createRedrive(deps: RedriveDeps): (tenant: string, request: RedriveRequest) => Promise<RedriveResult> {
  let last: Promise<unknown> = Promise.resolve();
  return (tenant, request) => {
    const result = last.then(() => redrive(deps, tenant, request));
    last = result.catch(() => {});
    return result;
  };
}

async function redrive(deps: RedriveDeps, tenant: string, request: RedriveRequest): Promise<RedriveResult> {
  const { ids, cause, dryRun = false, ratePerS } = request;
  const filter = { tenant, state: 'dead' as const, limit: maxLetters, ...(ids ? { ids } : {}), ...(cause ? { cause } : {}) };
  const letters = await deps.deadLetters.list(filter);
  const result = { matched: letters.length, redriven: 0, skipped: 0 };
  for (let at = 0; at < letters.length; at += batchLetters) {
    if (ratePerS !== undefined && at > 0) await sleep((batchLetters / ratePerS) * 1_000);
    const slice = letters.slice(at, at + batchLetters);
    const retried = await Promise.all(slice.map(async (letter) => ({ letter, outcome: await deps.retry(letter) })));
    const passing = retried.filter(({ outcome }) => outcome.kind !== 'dead');
    if (!dryRun) {
      await commitPassing(deps, tenant, passing);
      await keepDead(deps, retried);
    }
    result.redriven += passing.length;
    result.skipped += slice.length - passing.length;
  }
  return result;
}

type Retried = { letter: DeadLetter; outcome: Outcome };

async function commitPassing(deps: RedriveDeps, tenant: string, passing: Retried[]): Promise<void> {
  const byPartition = Map.groupBy(passing, ({ letter }) => `${letter.position.generation}.${letter.position.partition}`);
  for (const items of byPartition.values()) {
    items.sort((a, b) => a.letter.position.offset - b.letter.position.offset);
    for (let at = 0; at < items.length; ) at += await commitNext(deps, tenant, items.slice(at));
  }
}

/** Commits as many letters of one partition as one table takes; resolves to how many. What they hold of clients' ids is taken meanwhile. */
async function commitNext({ archive, deadLetters, clientIds, nowMs }: RedriveDeps, tenant: string, items: Retried[]): Promise<number> {
  const batch = new OpenBatch(nowMs());
  const taken = await clientIds.taken(tenant, idsOf(items));
  const settled: DeadLetter[] = [];
  clientIds.hold(batch);
  try {
    for (const { letter, outcome } of items) {
      if (batch.table.isFull) break;
      const { position, observedUs } = letter;
      const isTaken = outcome.kind === 'keep' && outcome.record.client_id !== undefined && taken.has(outcome.record.client_id);
      const reason = isTaken ? 'duplicate' : outcome.kind === 'drop' ? outcome.reason : undefined;
      if (reason) batch.drop(position.offset, reason, observedUs);
      else if (outcome.kind === 'keep') batch.keep(tenant, position, outcome.record);
      if (reason) batch.countDropped(tenant, observedUs, position.offset, reason);
      settled.push(letter);
    }
    const { generation, partition } = items[0]!.letter.position;
    const { done, dropped, minutes } = batch;
    const part = done.length > 0 ? encodeNow(batch.table) : undefined;
    await archive.commit({ generation, partition, part, done, dropped, dead: [], minutes, redrive: true });
  } finally {
    taken.end();
    clientIds.release(batch);
  }
  for (const letter of settled) await deadLetters.mark(letter.id, 'dead', 'redriven', nowMs());
  return settled.length;
}

function* idsOf(items: Retried[]): Generator<string> {
  for (const { outcome } of items) if (outcome.kind === 'keep' && outcome.record.client_id !== undefined) yield outcome.record.client_id;
}

/** Notes on the letters that still cannot pass that they were tried once more, and why not. */
async function keepDead({ deadLetters, nowMs }: RedriveDeps, retried: Retried[]): Promise<void> {
  const letters = retried.flatMap(({ letter, outcome }) =>
    outcome.kind === 'dead'
      ? [
          {
            ...letter,
            code: outcome.code,
            detail: outcome.detail,
            cause: causeOf(outcome.code, outcome.detail),
            attempts: letter.attempts + 1,
            lastAtMs: nowMs(),
          },
        ]
      : [],
  );
  if (letters.length > 0) await deadLetters.put(letters);
}
