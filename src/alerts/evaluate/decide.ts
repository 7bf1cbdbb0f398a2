import type { Rule } from '../rule/rule.ts';
import type { AlertState } from '../transition.ts';

/** The state of one alert that is not inactive. Times are ends of windows, epoch microseconds: `heldUs` is the last one in which the condition held. */
export type AlertEntry = { group: string; state: 'pending' | 'firing'; startedUs: number; heldUs: number; value: number | null };

export type Decision = { entry: AlertEntry | undefined; to: AlertState };

/** Decides what an alert is after a window: the whole of the state machine. */
export function decide(
  rule: Pick<Rule, 'forUs' | 'keepFiringForUs'>,
  entry: AlertEntry | undefined,
  isHolding: boolean,
  atUs: number,
): Decision {
  if (isHolding) {
    const startedUs = entry?.startedUs ?? atUs;
    const isFiring = entry?.state === 'firing' || atUs - startedUs >= rule.forUs;
    const next: AlertEntry = { group: entry?.group ?? '', state: isFiring ? 'firing' : 'pending', startedUs, heldUs: atUs, value: null };
    return { entry: next, to: next.state };
  }
  if (!entry) return { entry: undefined, to: 'inactive' };
  if (entry.state === 'pending') return { entry: undefined, to: 'inactive' };
  if (rule.keepFiringForUs > 0 && atUs - entry.heldUs < rule.keepFiringForUs) return { entry, to: 'firing' };
  return { entry: undefined, to: 'resolved' };
}
