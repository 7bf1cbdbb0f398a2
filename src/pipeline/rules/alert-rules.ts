import { parseRule } from '../../alerts/rule/parse-rule.ts';
import { refuseRule } from '../../alerts/rule/refuse.ts';
import { absencesOf, type Rule, referencesOf, valuesOf } from '../../alerts/rule/rule.ts';
import { runTests, type TestFailure } from '../../alerts/run-tests.ts';
import type { WindowSource } from '../../alerts/windows/window-source.ts';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { Signal } from '../../core/signal.ts';
import { type Amendment, PageStore } from '../evaluate/page-store.ts';
import { createStoreWindowSource } from '../evaluate/store-window-source.ts';
import type { StoreApi } from '../store-api.ts';
import { type BacktestProgress, type BacktestResult, runBacktest } from './backtest.ts';
import { type Episode, type EpisodeFilter, readAmendments, readEpisodes } from './episodes.ts';
import { RuleBook } from './rule-book.ts';
import { type RuleVersion, ruleOf, type StoredRule } from './stored-rule.ts';

export type BacktestOrder = {
  /** A rule that is saved, or its version; or `source`, one that is not. */
  name?: string;
  version?: number;
  source?: unknown;
  fromUs: number;
  toUs: number;
};

/** Whatever is asked of alert rules, in any host. `by` is the id of the key that changes them. */
export interface AlertRules {
  list(tenant: string): Promise<StoredRule[]>;
  get(tenant: string, name: string): Promise<StoredRule>;
  versions(tenant: string, name: string): Promise<RuleVersion[]>;
  create(tenant: string, source: unknown, by: string): Promise<StoredRule>;
  /** Makes a rule, or replaces one of the same name. */
  save(tenant: string, source: unknown, by: string): Promise<StoredRule>;
  replace(tenant: string, name: string, source: unknown, by: string): Promise<StoredRule>;
  promote(tenant: string, name: string, by: string): Promise<StoredRule>;
  remove(tenant: string, name: string, by: string): Promise<void>;
  /** Runs the tests of a rule, or others over it. @throws AppError INVALID_RULE, NOT_FOUND */
  test(tenant: string, rule: { name: string } | { source: unknown }): Promise<{ tests: number; failures: TestFailure[] }>;
  backtest(
    tenant: string,
    order: BacktestOrder,
    progress?: (progress: BacktestProgress) => void | Promise<void>,
    signal?: AbortSignal,
  ): Promise<BacktestResult>;
  episodes(tenant: string, filter: EpisodeFilter): Promise<Episode[]>;
  amendments(tenant: string): Promise<Amendment[]>;
}

export type AlertRulesDeps = {
  state: StateStore;
  clock: Clock;
  storeOf(signal: Signal): StoreApi;
  /** @default the stores' own aggregates */
  source?: WindowSource;
};

/** Backtests at once. */
const maxBacktests = 4;

/** Makes the rules over a state store and the stores of a host. */
export function createAlertRules({ state, clock, storeOf, source = createStoreWindowSource({ storeOf }) }: AlertRulesDeps): AlertRules {
  const book = new RuleBook({ state, clock });
  let backtests = 0;
  const pages = new PageStore(state);
  const nowUs = () => clock.nowMs() * 1_000;
  const refuseUnkept = (json: unknown) => {
    for (const signal of signalsOf(parseRule(json))) {
      try {
        storeOf(signal);
      } catch (error) {
        if (error instanceof AppError) refuseRule('from', error.detail);
        throw error;
      }
    }
  };
  const others = async (tenant: string, rule: Rule) => closureOf(rule, (await book.list(tenant)).map(ruleOf));

  return {
    list: (tenant) => book.list(tenant),
    get: (tenant, name) => book.get(tenant, name),
    versions: (tenant, name) => book.versions(tenant, name),
    async create(tenant, json, by) {
      refuseUnkept(json);
      return book.create(tenant, json, by);
    },
    async save(tenant, json, by) {
      refuseUnkept(json);
      return book.replace(tenant, parseRule(json).name, json, by);
    },
    async replace(tenant, name, json, by) {
      refuseUnkept(json);
      return book.replace(tenant, name, json, by);
    },
    promote: (tenant, name, by) => book.promote(tenant, name, by),
    remove: (tenant, name, by) => book.remove(tenant, name, by),
    async test(tenant, given) {
      const rule = 'name' in given ? ruleOf(await book.get(tenant, given.name)) : parseRule(given.source);
      return { tests: rule.tests.length, failures: await runTests(rule, rule.tests, await others(tenant, rule)) };
    },
    async backtest(tenant, { name, version, source: json, fromUs, toUs }, progress, signal) {
      if (fromUs >= toUs) throw new AppError('INVALID_PARAMETER', 'from: it is not before to');
      const stored =
        json === undefined ? await (version === undefined ? book.get(tenant, name!) : book.version(tenant, name!, version)) : undefined;
      const rule = stored ? ruleOf(stored) : parseRule(json);
      refuseUnkept(stored?.source ?? json);
      const behindUs = await pages.marks(tenant, fromUs, toUs);
      const request = { tenant, rule, others: await others(tenant, rule), version: stored?.version ?? 0, fromUs, toUs, behindUs };
      if (backtests >= maxBacktests)
        throw new AppError('RATE_LIMITED', `${maxBacktests} backtests run already; ask again later`, { retryAfterS: 5 });
      backtests++;
      try {
        return await runBacktest(source, request, progress, signal);
      } finally {
        backtests--;
      }
    },
    episodes: (tenant, filter) => readEpisodes(state, tenant, filter, nowUs()),
    amendments: (tenant) => readAmendments(state, tenant, 2, nowUs()),
  };
}

const signalsOf = ({ condition }: Rule) => new Set([...valuesOf(condition), ...absencesOf(condition)].map(({ from }) => from));

/** The rules that a rule asks for, directly or through others. */
function closureOf(rule: Rule, all: readonly Rule[]): Rule[] {
  const byName = new Map(all.map((item) => [item.name, item]));
  const found = new Map<string, Rule>();
  const add = (of: Rule) => {
    for (const name of referencesOf(of.condition)) {
      const other = byName.get(name);
      if (!other || name === rule.name || found.has(name)) continue;
      found.set(name, other);
      add(other);
    }
  };
  add(rule);
  return [...found.values()];
}
