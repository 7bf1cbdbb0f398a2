import type { AlertState } from '../alerts/transition.ts';
import { formatTime } from '../core/time.ts';
import type { Amendment } from '../pipeline/evaluate/page-store.ts';
import type { BacktestResult } from '../pipeline/rules/backtest.ts';
import type { Episode } from '../pipeline/rules/episodes.ts';
import { diffOf, type RuleVersion, type StoredRule } from '../pipeline/rules/stored-rule.ts';
import { timeOfMs } from './record-json.ts';

/** A rule as answers spell it: as it was given, with what is known of it. */
export const ruleJson = ({ source, version, createdAtMs, updatedAtMs, updatedBy }: StoredRule, state: AlertState) => ({
  ...source,
  staging: source.staging === true,
  version,
  state,
  created_at: timeOfMs(createdAtMs),
  updated_at: timeOfMs(updatedAtMs),
  updated_by: updatedBy,
});

/** What the alerts of a rule come to: firing where one fires. */
export function stateOfRule(episodes: readonly Episode[], name: string): AlertState {
  const states = new Set(episodes.filter(({ rule }) => rule === name).map(({ state }) => state));
  return (['unknown', 'firing', 'pending'] as const).find((state) => states.has(state)) ?? 'inactive';
}

/** Versions, newest first, each with what it changed. */
export const versionsJson = (versions: readonly RuleVersion[]) =>
  versions.map(({ source, version, updatedAtMs, updatedBy, isDeleted }, i) => ({
    version,
    updated_at: timeOfMs(updatedAtMs),
    updated_by: updatedBy,
    deleted: isDeleted,
    rule: source,
    changes: versions[i + 1] ? diffOf(versions[i + 1]!.source, source) : [],
  }));

export const episodeJson = ({ id, rule, state, labels, value, sinceUs, resolvedUs, staging }: Episode) => ({
  ...{ id, rule, state, labels, value },
  since: formatTime(sinceUs),
  resolved_at: resolvedUs === null ? null : formatTime(resolvedUs),
  staging,
});

export const amendmentJson = ({ rule, labels, atUs, was, is, noticedUs }: Amendment) => ({
  ...{ rule, labels, was, is },
  window_end: formatTime(atUs),
  noticed_at: formatTime(noticedUs),
});

/** A backtest as answers spell it. */
export const backtestJson = ({ transitions, truncated, windows, episodes }: BacktestResult, notifications: number) => ({
  transitions: transitions.map(({ atUs, labels, from, to, value, reason }) => ({ at: formatTime(atUs), labels, from, to, value, reason })),
  ...{ notifications, episodes, windows, truncated },
});
