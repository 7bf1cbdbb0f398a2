import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { type OutboxEntry, outboxPrefix, type Transition } from '../../src/alerts/transition.ts';
import type { WindowSource } from '../../src/alerts/windows/window-source.ts';
import { manualClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { Evaluator } from '../../src/pipeline/evaluate/evaluator.ts';
import { createStoreWindowSource } from '../../src/pipeline/evaluate/store-window-source.ts';
import { runBacktest } from '../../src/pipeline/rules/backtest.ts';
import { RuleBook } from '../../src/pipeline/rules/rule-book.ts';
import { ruleOf } from '../../src/pipeline/rules/stored-rule.ts';
import { openStores } from '../store/stores.ts';

const tenant = 'acme';
const slotUs = 15e6;

/** Rules of every kind, over the records that `fillStore` makes. */
export const replayedRules = [
  { name: 'errors', for: '1m', keep_firing_for: '2m', condition: ['>', ['rate', { level: 'error', by: ['service'], window: '5m' }], 1] },
  { name: 'slow', condition: ['>', ['percentile', { field: 'latency_ms', percent: 95, by: ['service'], window: '10m' }], 900] },
  { name: 'share', condition: ['>', ['ratio', { part: ['=', 'level', 'error'], window: '15m' }], 0.12] },
  { name: 'silent', condition: ['absent', { by: ['service'], window: '30m', seen: '6h' }] },
  { name: 'both', condition: ['and', ['rule', 'errors'], ['rule', 'slow']] },
];

/** Numbers from 0 to 1 that are the same each time (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A store with records of ten services over a range, all committed: errors in bursts, slow hours, services that stop for a while. */
export async function fillStore(records: number, fromUs: number, toUs: number) {
  const stores = openStores();
  const random = seeded(7);
  // One commit is of a few hours: it counts its records by observed minute.
  const batchRows = Math.ceil((records * 2 * 3_600e6) / (toUs - fromUs));
  for (let done = 0; done < records; done += batchRows) {
    const given = Array.from({ length: Math.min(batchRows, records - done) }, (_, i) => {
      const offset = done + i;
      const timestamp = Math.floor(fromUs + ((toUs - fromUs) * offset) / records);
      const hour = Math.floor(timestamp / 3_600e6);
      let service = Math.floor(random() * 10);
      if (service === hour % 37) service = (service + 1) % 10;
      const isBurst = Math.floor(timestamp / 600e6) % 29 === service;
      const isError = random() < (isBurst ? 0.9 : 0.02);
      const latency = Math.round((hour % 41 === service ? 1_000 : 100) * (0.5 + random()));
      const level = isError ? ('error' as const) : ('info' as const);
      const record = {
        timestamp,
        service: `service-${service}`,
        level,
        severity: isError ? 17 : 9,
        attributes: { latency_ms: latency },
        message: 'm',
      };
      return { offset, observedUs: timestamp, record };
    });
    await stores.commit(0, await stores.read(0, given));
  }
  return stores;
}

export type Replayed = { live: Transition[]; tried: Transition[]; backtestMs: number; windows: number };

/** Runs the evaluator over the range as time passes, then each rule's backtest over the same store. */
export async function replay(
  stores: Awaited<ReturnType<typeof openStores>>,
  fromUs: number,
  toUs: number,
  passUs: number,
): Promise<Replayed> {
  const clock = manualClock(fromUs / 1_000);
  const api = {
    aggregate: stores.search.aggregate.bind(stores.search),
    watermark: async () => ({ us: clock.nowMs() * 1_000, latenessUs: 5e6 }),
  };
  const source: WindowSource = createStoreWindowSource({ storeOf: () => api });
  const state = new MemoryStateStore();
  const book = new RuleBook({ state, clock });
  for (const rule of replayedRules) await book.create(tenant, rule, 'key');
  const evaluator = new Evaluator({ state, source, clock, log: silentLog });
  const live: Transition[] = [];
  for (let atUs = fromUs + passUs; atUs <= toUs; atUs += passUs) {
    clock.set(atUs / 1_000);
    await evaluator.pass();
    for (const { key, value, version } of await state.list<OutboxEntry>(outboxPrefix)) {
      live.push(...value.transitions);
      await state.compareAndSet(key, version, undefined);
    }
  }
  const lastUs = Math.floor((clock.nowMs() * 1_000 - 5e6) / slotUs) * slotUs;
  const rules = (await book.list(tenant)).map(ruleOf);
  const tried: Transition[] = [];
  const startedMs = performance.now();
  let windows = 0;
  for (const rule of rules) {
    const others = rule.name === 'both' ? rules.filter(({ name }) => name !== 'both') : [];
    const result = await runBacktest(source, { tenant, rule, others, version: 1, fromUs, toUs: lastUs });
    tried.push(...result.transitions);
    windows += result.windows;
  }
  return { live, tried, backtestMs: performance.now() - startedMs, windows };
}

/** Transitions as texts in an order of their own. */
export const spelt = (transitions: readonly Transition[]): string[] =>
  transitions
    .map(({ atUs, rule, episode, from, to, value, reason }) => `${atUs} ${rule} ${episode} ${from}>${to} ${value} ${reason}`)
    .sort();
