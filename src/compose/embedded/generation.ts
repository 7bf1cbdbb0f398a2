import { rename, stat } from 'node:fs/promises';
import type { StateStore } from '../../core/ports/state-store.ts';

export const generationKey = 'queue/generation';

/** The queue's generation: 1 in a new data folder; a higher one after an operator opened it because the log was lost. */
export async function generationOf(state: StateStore): Promise<number> {
  await state.compareAndSet(generationKey, 0, 1);
  return (await state.get<number>(generationKey))!.value;
}

/**
 * Opens the next generation, for a log that ends before what was finished (QUEUE_REWOUND): what is left of it is put aside under
 * `<segments>.generation-<n>` and the new log begins at offset 0. Records that are stored keep their positions, of the former generation.
 */
export async function openNextGeneration(state: StateStore, segments: string): Promise<number> {
  const now = await generationOf(state);
  if (await stat(segments).catch(() => undefined)) await rename(segments, `${segments}.generation-${now}`);
  const { version } = (await state.get<number>(generationKey))!;
  await state.compareAndSet(generationKey, version, now + 1);
  return now + 1;
}
