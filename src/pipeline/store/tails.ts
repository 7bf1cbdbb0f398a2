import type { StoredRecord } from '../../core/record.ts';
import type { Expression } from '../../query/ast/expression.ts';
import { matcherOf } from '../../query/compile/scan/matcher.ts';
import type { TailSlice } from '../store-api.ts';

/** How many records a tail holds for a reader that is slow; past it the oldest are left out and counted as missed. */
const maxHeld = 5_000;
/** How long a tail lives that nobody asks for. */
const idleMs = 60_000;

type Tail = {
  tenant: string;
  matches: (record: StoredRecord) => boolean;
  held: StoredRecord[];
  missed: number;
  /** Next offset to be seen, by partition. */
  ends: Map<string, number>;
  wake: (() => void) | undefined;
  lastAskedMs: number;
};

/** A position vector as text, `<generation>.<partition>.<next offset>` joined by commas: what `Last-Event-ID` carries. */
export function printCursor(ends: Map<string, number>): string {
  return [...ends].map(([key, end]) => `${key}.${end}`).join(',');
}

/** Reads a position vector; undefined where the text is none. */
export function parseCursor(text: string): Map<string, number> | undefined {
  const ends = new Map<string, number>();
  for (const item of text.split(',')) {
    const [, generation, partition, end] = /^(\d{1,5})\.(\d{1,5})\.(\d{1,15})$/.exec(item) ?? [];
    if (end === undefined) return undefined;
    ends.set(`${generation}.${partition}`, Number(end));
  }
  return ends;
}

/**
 * The live tails of one store: each sees the records of its tenant that match, as they are indexed. Matching is done only for tenants that
 * somebody tails, so a store without tails pays nothing.
 */
export class Tails {
  readonly #tails = new Map<string, Tail>();
  readonly #tenants = new Map<string, number>();

  /** Whether a record of this tenant is worth materialising. */
  watches(tenant: string): boolean {
    return this.#tenants.has(tenant);
  }

  /** Begins a tail at `ends`; the id is the caller's. */
  open(id: string, tenant: string, where: Expression, ends: Map<string, number>, nowMs: number): void {
    this.close(id);
    this.#tails.set(id, {
      tenant,
      matches: matcherOf(where),
      held: [],
      missed: 0,
      ends,
      wake: undefined,
      lastAskedMs: nowMs,
    });
    this.#tenants.set(tenant, (this.#tenants.get(tenant) ?? 0) + 1);
  }

  /** Puts what was found in the store before what has come live since. */
  prepend(id: string, backlog: StoredRecord[]): void {
    const tail = this.#tails.get(id);
    if (tail) tail.held = [...backlog, ...tail.held];
  }

  has(id: string): boolean {
    return this.#tails.has(id);
  }

  close(id: string): void {
    const tail = this.#tails.get(id);
    if (!tail) return;
    this.#tails.delete(id);
    const left = (this.#tenants.get(tail.tenant) ?? 1) - 1;
    if (left > 0) this.#tenants.set(tail.tenant, left);
    else this.#tenants.delete(tail.tenant);
    tail.wake?.();
  }

  /** Shows one indexed record to the tails of its tenant. */
  offer(record: StoredRecord): void {
    for (const tail of this.#tails.values()) {
      if (tail.tenant !== record.tenant || !tail.matches(record)) continue;
      tail.held.push(record);
      if (tail.held.length > maxHeld) {
        tail.held.shift();
        tail.missed++;
      }
    }
  }

  /** Tells that everything below `end` of a partition was offered; wakes whoever waits, and forgets tails that nobody asks for. */
  advance(generation: number, partition: number, end: number, nowMs: number): void {
    for (const [id, tail] of this.#tails) {
      tail.ends.set(`${generation}.${partition}`, end);
      if (tail.held.length > 0) tail.wake?.();
      if (nowMs - tail.lastAskedMs > idleMs) this.close(id);
    }
  }

  /** What a tail holds, waiting up to `timeoutMs` for the first record. */
  async next(id: string, timeoutMs: number, nowMs: number): Promise<TailSlice> {
    const tail = this.#tails.get(id);
    if (!tail) return { records: [], cursor: '', missed: 0 };
    tail.lastAskedMs = nowMs;
    if (tail.held.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        tail.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      tail.wake = undefined;
    }
    const slice = { records: tail.held, cursor: printCursor(tail.ends), missed: tail.missed };
    tail.held = [];
    tail.missed = 0;
    return slice;
  }
}
