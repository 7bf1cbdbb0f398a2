import { setTimeout as sleep } from 'node:timers/promises';
import { encodeTable } from '../../columnar/encode.ts';
import { Table } from '../../columnar/table.ts';
import type { DeadLetter, DeadLetters } from '../../core/ports/dead-letters.ts';
import type { Outcome } from '../../core/record.ts';
import type { Archive } from '../archive.ts';
import { causeOf } from './dead-letter-of.ts';

export type RedriveRequest = { ids?: string[]; cause?: string; dryRun?: boolean; ratePerS?: number };
export type RedriveResult = { matched: number; redriven: number; skipped: number };

export type RedriveDeps = {
  deadLetters: DeadLetters;
  archive: Archive;
  /** Decodes and processes a letter's bytes as the platform would today. */
  retry(letter: DeadLetter): Promise<Outcome>;
  nowMs(): number;
};

const batchLetters = 500;
const maxLetters = 100_000;

/**
 * Brings dead letters home: each is decoded and processed anew, and what passes now is committed at its old position. Only positions that are
 * dead under the letter move, so doing it twice, or twice at once, is doing it once.
 */
export async function redrive(deps: RedriveDeps, tenant: string, request: RedriveRequest): Promise<RedriveResult> {
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
      await commitPassing(deps, passing);
      await keepDead(deps, retried);
    }
    result.redriven += passing.length;
    result.skipped += slice.length - passing.length;
  }
  return result;
}

type Retried = { letter: DeadLetter; outcome: Outcome };

async function commitPassing({ archive, deadLetters, nowMs }: RedriveDeps, passing: Retried[]): Promise<void> {
  const byPartition = Map.groupBy(passing, ({ letter }) => `${letter.position.generation}.${letter.position.partition}`);
  for (const items of byPartition.values()) {
    const { generation, partition } = items[0]!.letter.position;
    const table = new Table();
    const [done, dropped]: [[number, number][], Partial<Record<string, [number, number][]>>] = [[], {}];
    for (const { letter, outcome } of items.sort((a, b) => a.letter.position.offset - b.letter.position.offset)) {
      const { offset } = letter.position;
      if (outcome.kind === 'keep' && table.add(letter.tenant, letter.position, outcome.record)) done.push([offset, offset + 1]);
      else if (outcome.kind === 'drop') dropped[outcome.reason] = [...(dropped[outcome.reason] ?? []), [offset, offset + 1]];
    }
    const part = done.length > 0 ? encodeNow(table) : undefined;
    await archive.commit({ generation, partition, part, done, dropped, dead: [], minutes: [], redrive: true });
    for (const { letter } of items) await deadLetters.mark(letter.id, 'dead', 'redriven', nowMs());
  }
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

function encodeNow(table: Table) {
  const encoding = encodeTable(table);
  let step = encoding.next();
  while (!step.done) step = encoding.next();
  return step.value;
}
