import type { WindowSource } from '../../alerts/windows/window-source.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { RuleFollower } from './load-rules.ts';
import { PageStore } from './page-store.ts';
import { type PassResult, TenantEvaluator } from './tenant-evaluator.ts';

export type EvaluatorDeps = {
  state: StateStore;
  source: WindowSource;
  clock: Clock;
  log: Log;
  /** A watermark older than this makes alerts unknown. @default 60 s */
  behindAfterUs?: number;
  /** Windows that are evaluated before their outcome is written. @default 20 */
  windowsACommit?: number;
};

export type Passed = { rules: number; tenants: Map<string, PassResult> };

/**
 * Evaluates the rules of all tenants: one pass at a time, each window once. What it holds in memory is found in the stores again after a crash, and two
 * evaluators at once hinder each other but decide nothing twice.
 */
export class Evaluator {
  readonly #deps: Required<EvaluatorDeps>;
  readonly #follower: RuleFollower;
  readonly #pages: PageStore;
  readonly #tenants = new Map<string, TenantEvaluator>();
  #rules = 0;

  constructor(deps: EvaluatorDeps) {
    this.#deps = { behindAfterUs: 60e6, windowsACommit: 20, ...deps };
    this.#follower = new RuleFollower(deps.state, deps.log);
    this.#pages = new PageStore(deps.state);
  }

  /** Evaluates what is due of every tenant. One that fails holds up no other; it is tried again with the next pass. */
  async pass(): Promise<Passed> {
    await this.#follow();
    const tenants = new Map<string, PassResult>();
    for (const [tenant, evaluator] of this.#tenants) {
      try {
        tenants.set(tenant, await evaluator.pass());
      } catch (error) {
        this.#deps.log.error({ error, tenant }, 'rules could not be evaluated, will be tried again');
      }
    }
    return { rules: this.#rules, tenants };
  }

  async #follow(): Promise<void> {
    const changes = await this.#follower.changes();
    if (!changes) return;
    this.#rules = 0;
    for (const [tenant, rules] of changes) {
      let evaluator = this.#tenants.get(tenant);
      if (!evaluator) {
        const { source, clock, log, behindAfterUs, windowsACommit } = this.#deps;
        evaluator = new TenantEvaluator({ tenant, pages: this.#pages, source, clock, log, behindAfterUs, windowsACommit });
        this.#tenants.set(tenant, evaluator);
      }
      evaluator.follow(rules);
      this.#rules += rules.filter(({ isRetired }) => !isRetired).length;
    }
  }
}
