import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { type OutboxEntry, outboxPrefix, type Transition } from '../../src/alerts/transition.ts';
import { MemoryWindowSource } from '../../src/alerts/windows/memory-window-source.ts';
import type { WindowSource } from '../../src/alerts/windows/window-source.ts';
import { manualClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { StateStore } from '../../src/core/ports/state-store.ts';
import type { StoredRecord } from '../../src/core/record.ts';
import { Evaluator, type EvaluatorDeps } from '../../src/pipeline/evaluate/evaluator.ts';
import { RuleBook } from '../../src/pipeline/rules/rule-book.ts';

export const tenant = 'acme';
export const startMs = Date.parse('2026-11-21T08:00:00Z');
export const startUs = startMs * 1_000;
const slotMs = 15_000;

export type Records = Partial<StoredRecord> & { count?: number };

/** Rules, records and a clock in memory, driven slot by slot as the host's schedule does; whoever tells people takes the outbox over after each pass. */
export class World {
  readonly state: StateStore;
  readonly clock = manualClock(startMs);
  readonly source = new MemoryWindowSource();
  #wrapped: WindowSource = this.source;
  readonly book: RuleBook;
  /** What left by the outbox, in the order in which it was taken. */
  readonly told: Transition[] = [];
  readonly #more: Partial<EvaluatorDeps>;
  evaluator: Evaluator;
  #offset = 0;
  /** Until when the pipeline has everything; now, unless it is paused. */
  pausedAtMs: number | undefined;

  constructor({ state = new MemoryStateStore(), ...more }: { state?: StateStore } & Partial<EvaluatorDeps> = {}) {
    this.state = state;
    this.#more = more;
    this.book = new RuleBook({ state, clock: this.clock });
    this.evaluator = this.restarted();
  }

  /** A new evaluator over the same state, as after a crash: it has nothing in memory. */
  restarted(): Evaluator {
    const { state, clock } = this;
    this.evaluator = new Evaluator({ state, source: this.#wrapped, clock, log: silentLog, ...this.#more });
    return this.evaluator;
  }

  /** Puts something between the evaluator and its source. */
  wrapSource(wrap: (source: WindowSource) => WindowSource): void {
    this.#wrapped = wrap(this.source);
    this.restarted();
  }

  add(rule: Record<string, unknown>) {
    return this.book.replace(tenant, String(rule.name), rule, 'key');
  }

  /** Sends records that happen `atS` seconds after the start; they are observed then, or when `observedS` says. */
  send(atS: number, { count = 1, ...more }: Records = {}, observedS = atS): void {
    for (let i = 0; i < count; i++) {
      const timestamp = startUs + atS * 1e6;
      const record = {
        timestamp,
        timestamp_ns: 0,
        observed_timestamp: startUs + observedS * 1e6,
        level: 'info',
        severity: 9,
        service: 'api',
      } as const;
      const rest = {
        env: undefined,
        host: undefined,
        message: 'm',
        trace_id: undefined,
        span_id: undefined,
        attributes: {},
        client_id: undefined,
      };
      const place = { tenant, id: String(this.#offset), generation: 1, partition: 0, offset: this.#offset++ };
      this.source.add('logs', { ...record, ...rest, ...place, ...more });
    }
  }

  /** Lets time pass up to so many seconds after the start, with a pass after each slot. */
  async run(toS: number): Promise<void> {
    while (this.clock.nowMs() < startMs + toS * 1_000) {
      this.clock.advance(slotMs);
      await this.pass();
    }
  }

  async pass(): Promise<void> {
    this.source.wholeUntilUs = (this.pausedAtMs ?? this.clock.nowMs()) * 1_000;
    await this.evaluator.pass();
    await this.take();
  }

  async take(): Promise<void> {
    for (const { key, value, version } of await this.state.list<OutboxEntry>(outboxPrefix)) {
      this.told.push(...value.transitions);
      await this.state.transact([{ key, version, value: undefined }]);
    }
  }

  /** `08:01:15 api inactive>firing`, for tables made by hand. */
  table(of: readonly Transition[] = this.told): string[] {
    return of.map(({ atUs, labels, from, to }) =>
      [new Date(atUs / 1_000).toISOString().slice(11, 19), ...Object.values(labels), `${from}>${to}`].join(' '),
    );
  }
}
