import type { StateStore } from '../../core/ports/state-store.ts';

const key = 'queue/generation';

/** The queue's generation: 1 until an operator opened another because the log was lost. */
export async function readGeneration(state: StateStore): Promise<number> {
  for (;;) {
    const stored = await state.get<number>(key);
    if (stored) return stored.value;
    await state.compareAndSet(key, 0, 1);
  }
}
