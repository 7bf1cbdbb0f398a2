import { createHash } from 'node:crypto';
import type { AlertState, Transition } from '../../src/alerts/transition.ts';

export const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A transition as the evaluator makes it; times in seconds. */
export function transition(
  rule: string,
  labels: Record<string, string>,
  to: AlertState,
  { at = 0, started = at, tenant = 'default', ...more }: Partial<Transition> & { at?: number; started?: number } = {},
): Transition {
  const fingerprint = sha(JSON.stringify([tenant, rule, Object.entries(labels).sort()])).slice(0, 16);
  return {
    ...{ tenant, rule, ruleVersion: 1, fingerprint, episode: `${fingerprint}-${started * 1e6}`, labels, annotations: {}, action: [] },
    ...{
      from: to === 'firing' ? 'pending' : 'firing',
      to,
      atUs: at * 1e6,
      startedUs: started * 1e6,
      value: 12,
      reason: '12 > 10',
      staging: false,
    },
    ...more,
  } as Transition;
}
