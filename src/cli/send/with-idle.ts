import { setTimeout as delay } from 'node:timers/promises';
import type { Piece } from './lines.ts';

const quiet = Symbol('quiet');

/** Tells `idle` once when nothing more came for so long: what a slow pipe has said so far is then sent. */
export async function* withIdle(pieces: AsyncIterable<Piece>, idleMs: number): AsyncGenerator<Piece> {
  const source = pieces[Symbol.asyncIterator]();
  try {
    for (let next = source.next(); ; next = source.next()) {
      const timer = new AbortController();
      const first = await Promise.race([next, delay(idleMs, quiet, { signal: timer.signal }).catch(() => quiet)]);
      timer.abort();
      if (first === quiet) yield 'idle';
      const step = await next;
      if (step.done) return;
      yield step.value;
    }
  } finally {
    await source.return?.();
  }
}
