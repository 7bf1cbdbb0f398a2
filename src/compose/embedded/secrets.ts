import { randomBytes } from 'node:crypto';
import type { StateStore } from '../../core/ports/state-store.ts';

const secretBytes = 32;

/** A secret of this data folder by name: 32 random bytes, made the first time it is asked for, so that receipts and cursors survive a restart. */
export async function secretOf(state: StateStore, name: string): Promise<Uint8Array> {
  const key = `secret/${name}`;
  const made = randomBytes(secretBytes).toString('base64');
  await state.compareAndSet(key, 0, made);
  const stored = await state.get<string>(key);
  return Buffer.from(stored!.value, 'base64');
}

/** The queue's generation: 1 in a new data folder; a higher one after an operator opened it because the log was lost. */
export async function generationOf(state: StateStore): Promise<number> {
  await state.compareAndSet('queue/generation', 0, 1);
  return (await state.get<number>('queue/generation'))!.value;
}

/** Opens the next generation: positions of the former one stay what they are, the log begins anew. */
export async function openNextGeneration(state: StateStore): Promise<number> {
  for (;;) {
    const now = await state.get<number>('queue/generation');
    const next = (now?.value ?? 0) + 1;
    if ((await state.compareAndSet('queue/generation', now?.version ?? 0, next)) !== undefined) return next;
  }
}
