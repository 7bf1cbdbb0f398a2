import type { Transition } from '../../alerts/transition.ts';

/** How many notifications transitions would have sent: one for each alert that fires, and one for its end. Staging tells nobody. */
export async function countNotifications(transitions: readonly Transition[]): Promise<number> {
  return transitions.filter(({ from, to }) => (to === 'firing' && from !== 'unknown') || to === 'resolved').length;
}
