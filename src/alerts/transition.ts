/**
 * The states of an alert, which is one rule for one set of labels. `unknown`: the evaluator cannot tell, since the ledger is behind the window
 * or data is missing that should be there.
 */
export const alertStates = ['inactive', 'pending', 'firing', 'resolved', 'unknown'] as const;
export type AlertState = (typeof alertStates)[number];

/** What tells one alert of a rule from another: the values of the keys that its condition groups by, and the rule's own labels. */
export type AlertLabels = Record<string, string>;

/** One change of one alert, as the evaluator decided it. Plain data: it is stored, published on `alerts.triggered` and told to people. Times are epoch microseconds. */
export type Transition = {
  tenant: string;
  rule: string;
  /** Version of the rule that was evaluated. */
  ruleVersion: number;
  /** `tenant`, rule and labels, hashed: the same for one alert for ever. 16 hex digits. */
  fingerprint: string;
  /** One firing of an alert from its start to its end: `<fingerprint>-<startedUs>`; the key that people acknowledge. */
  episode: string;
  labels: AlertLabels;
  annotations: Record<string, string>;
  /** Names of receivers that the rule itself asks for; the routing tree decides where it has none. */
  action: string[];
  from: AlertState;
  to: AlertState;
  /** End of the window that was evaluated: decided by data, so the same when it is evaluated again. */
  atUs: number;
  /** When the episode began: the end of the window in which the condition first held. */
  startedUs: number;
  /** What the condition's left side came to; null where there was nothing to compute. */
  value: number | null;
  /** In words, why: the numbers behind it. */
  reason: string;
  /** A rule in staging: recorded, and told to nobody. */
  staging: boolean;
};

/** Keys of the state store below which the evaluator leaves transitions, in the same transaction as its state; who tells people deletes what it took over. */
export const outboxPrefix = 'alerts/outbox/';

/** What stands under one key of the outbox: the transitions of one evaluation, in order. */
export type OutboxEntry = { transitions: Transition[] };
