import { compileRules } from '../../alerts/evaluate/compile.ts';
import { WindowStepper } from '../../alerts/evaluate/step-window.ts';
import type { AlertState, Transition } from '../../alerts/transition.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { dayOf, dayUs } from '../../core/warm/file.ts';
import { type Amendment, type HistoryEntry, historyDays, PageStore } from '../evaluate/page-store.ts';
import { ruleKeys } from './keys.ts';
import { ruleOf, type StoredRule } from './stored-rule.ts';

/** One firing of an alert, or what is pending. Times are epoch microseconds. */
export type Episode = {
  id: string;
  rule: string;
  state: AlertState;
  labels: Record<string, string>;
  value: number | null;
  sinceUs: number;
  resolvedUs: number | null;
  staging: boolean;
  reason: string;
};

export type EpisodeFilter = {
  state?: AlertState | undefined;
  rule?: string | undefined;
  limit: number /** Only what has not ended: history is not read. */;
  isOpen?: boolean;
};

/** What fires now and what has fired, newest first. */
export async function readEpisodes(
  state: StateStore,
  tenant: string,
  { state: wanted, rule, limit, isOpen = false }: EpisodeFilter,
  nowUs: number,
): Promise<Episode[]> {
  const open = await openEpisodes(state, tenant);
  const matches = (episode: Episode) => (wanted === undefined || episode.state === wanted) && (rule === undefined || episode.rule === rule);
  const found = open.filter(matches);
  if (!isOpen && (wanted === undefined || wanted === 'resolved')) {
    const known = new Set(open.map(({ id }) => id));
    const ended = new Map<string, Episode>();
    for (let day = 0; day <= historyDays && found.length + ended.size < limit; day++) {
      for (const { transitions = [] } of await dayOfHistory(state, tenant, dayOf(nowUs - day * dayUs))) {
        for (const transition of transitions) {
          const { episode: id } = transition;
          if (transition.to !== 'resolved' || known.has(id) || ended.has(id)) continue;
          const episode = episodeOf(transition);
          if (matches(episode)) ended.set(id, episode);
        }
      }
    }
    found.push(...ended.values());
  }
  return found.sort((a, b) => b.sinceUs - a.sinceUs || (a.id < b.id ? -1 : 1)).slice(0, limit);
}

/** Windows that late data would have decided otherwise, newest first. */
export async function readAmendments(state: StateStore, tenant: string, days: number, nowUs: number): Promise<Amendment[]> {
  const found: Amendment[] = [];
  for (let day = 0; day < days; day++)
    for (const { amendments = [] } of await dayOfHistory(state, tenant, dayOf(nowUs - day * dayUs))) found.push(...amendments);
  return found;
}

/** The entries of a day, newest first. */
async function dayOfHistory(state: StateStore, tenant: string, day: string): Promise<HistoryEntry[]> {
  return (await state.list<HistoryEntry>(ruleKeys.historyOf(tenant, day))).map(({ value }) => value).reverse();
}

async function openEpisodes(state: StateStore, tenant: string): Promise<Episode[]> {
  const pages = await new PageStore(state).load(tenant);
  if (pages.every(({ page }) => page.alerts.size === 0)) return [];
  const stored = (await state.list<StoredRule>(ruleKeys.rulesOf(tenant))).map(({ value }) => value);
  const kept = stored.map((item) => ({ rule: ruleOf(item), version: item.version, sinceUs: 0, isRetired: item.isDeleted }));
  const rules = new Map(compileRules(tenant, kept, 0).rules.map((rule) => [rule.rule.name, rule]));
  const stepper = new WindowStepper();
  return pages.flatMap(({ page }) =>
    [...page.alerts].flatMap(([name, entries]) =>
      [...entries].map(([fingerprint, { group, state: now, startedUs, value }]): Episode => {
        const rule = rules.get(name);
        return {
          id: `${fingerprint}-${startedUs}`,
          rule: name,
          state: page.unknown ? 'unknown' : now,
          labels: rule ? stepper.labelsOf(rule, group) : {},
          value,
          sinceUs: startedUs,
          resolvedUs: null,
          staging: rule?.rule.staging ?? false,
          reason: '',
        };
      }),
    ),
  );
}

const episodeOf = ({ episode, rule, to, labels, value, startedUs, atUs, staging, reason }: Transition): Episode => ({
  id: episode,
  rule,
  state: to,
  labels,
  value,
  sinceUs: startedUs,
  resolvedUs: atUs,
  staging,
  reason,
});
