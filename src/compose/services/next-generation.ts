import type { StateStore } from '../../core/ports/state-store.ts';
import { generationKey, generationOf } from '../embedded/generation.ts';

/** Opens the next generation, for a topic that was lost and made anew (QUEUE_REWOUND). Records that are stored keep their positions, of the former one. */
export async function openNextGeneration(state: StateStore): Promise<number> {
  const next = (await generationOf(state)) + 1;
  const { version } = (await state.get<number>(generationKey))!;
  await state.compareAndSet(generationKey, version, next);
  return next;
}
