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
