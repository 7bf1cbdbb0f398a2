import { setImmediate as yieldToLoop } from 'node:timers/promises';
import { type CompiledRules, compileRules, type KeptRule } from '../../alerts/evaluate/compile.ts';
import { emptyPage, type Page } from '../../alerts/evaluate/page.ts';
import { fillBooks } from '../../alerts/evaluate/run-windows.ts';
import { WindowStepper } from '../../alerts/evaluate/step-window.ts';
import { absencesOf, type RuleSignal, valuesOf } from '../../alerts/rule/rule.ts';
import type { Transition } from '../../alerts/transition.ts';
import { slotOf, type Watermark, type WindowSource } from '../../alerts/windows/window-source.ts';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import type { Log } from '../../core/ports/log.ts';
import { dayUs } from '../../core/warm/file.ts';
import { amendSlots } from './amend.ts';
import { createLeastWatermark } from './least-watermark.ts';
import { type HeldPage, historyDays, type PageStore } from './page-store.ts';

export type TenantEvaluatorDeps = {
  tenant: string;
  pages: PageStore;
  source: WindowSource;
  clock: Clock;
  log: Log;
  /** A watermark older than this is behind. */
  behindAfterUs: number;
  /** Windows that are evaluated before their outcome is written. */
  windowsACommit: number;
};

/** What a pass did. `evaluatedUs` is the end of the last window that is evaluated of all alerts; `lagUs` how far the watermark is behind the clock. */
export type PassResult = {
  windows: number;
  transitions: number;
  amendments: number;
  evaluatedUs: number;
  lagUs: number;
  isBehind: boolean;
};

/** How long windows are evaluated before others have their turn. */
const turnMs = 5;
/** Of the 32 bits of a route. */
const maxBits = 31;

/** Somebody else has written the pages meanwhile: what is held of them is let go. */
class Overtaken extends Error {}

/** Evaluates the rules of one tenant, window by window: each once, when it is due, for as long as passes come. */
export class TenantEvaluator {
  readonly #deps: TenantEvaluatorDeps;
  readonly #stepper = new WindowStepper();
  readonly #watermark: (signals: readonly RuleSignal[]) => Promise<Watermark>;
  #compiled: CompiledRules;
  #signals: RuleSignal[] = [];
  #held: HeldPage[] | undefined;
  /** Observed time up to which the books have all late records. */
  #wholeUs: number | undefined;
  #behindSinceMs: number | undefined;
  #isParted = false;
  #forgottenDay: number | undefined;
  #turnStartedMs = 0;

  constructor(deps: TenantEvaluatorDeps) {
    this.#deps = deps;
    this.#watermark = createLeastWatermark(deps.source, deps.log);
    this.#compiled = compileRules(deps.tenant, [], 0);
  }

  /** Takes over the rules as they are now. Scans that go on keep what they have read. */
  follow(rules: readonly KeptRule[]): void {
    const { tenant } = this.#deps;
    this.#compiled = compileRules(tenant, rules, 0, this.#compiled.books);
    const conditions = rules.filter(({ isRetired }) => !isRetired).map(({ rule }) => rule.condition);
    this.#signals = [
      ...new Set(conditions.flatMap((condition) => [...valuesOf(condition), ...absencesOf(condition)].map(({ from }) => from))),
    ];
  }

  /** Evaluates every window that is due. What fails is done by the next pass. */
  async pass(): Promise<PassResult> {
    try {
      return await this.#pass();
    } catch (error) {
      this.#held = undefined;
      if (error instanceof Overtaken) return { windows: 0, transitions: 0, amendments: 0, evaluatedUs: 0, lagUs: 0, isBehind: false };
      throw error;
    }
  }

  async #pass(): Promise<PassResult> {
    const { source, clock } = this.#deps;
    const { us, latenessUs } = await this.#watermark(this.#signals);
    const nowUs = clock.nowMs() * 1_000;
    const result: PassResult = {
      windows: 0,
      transitions: 0,
      amendments: 0,
      evaluatedUs: 0,
      lagUs: Math.max(0, nowUs - us),
      isBehind: false,
    };
    if (!(await this.#open())) return result;
    const dueUs = slotOf(us - latenessUs, source.slotUs);
    result.amendments = await this.#amend(us);
    for (let doneUs = this.#doneUs(); doneUs < dueUs; doneUs = this.#doneUs()) {
      const toUs = Math.min(dueUs, doneUs + this.#deps.windowsACommit * source.slotUs);
      await fillBooks(source, this.#compiled, doneUs, toUs);
      result.transitions += await this.#evaluate(doneUs, toUs);
      result.windows += Math.round((this.#doneUs() - doneUs) / source.slotUs);
    }
    for (const book of this.#compiled.books.values()) {
      if (book.left > 0)
        this.#deps.log.warn({ tenant: this.#deps.tenant, rows: book.left }, 'a rule has too many groups, some are left out');
      book.left = 0;
    }
    this.#wholeUs = us;
    await this.#forgetOld(nowUs);
    result.evaluatedUs = this.#doneUs();
    result.isBehind = await this.#noteBehind(us, latenessUs);
    return result;
  }

  /** Reads the pages, or makes the first one; false where there is nothing to evaluate. */
  async #open(): Promise<boolean> {
    const { tenant, pages, source } = this.#deps;
    this.#held ??= await pages.load(tenant);
    const live = this.#compiled.rules.filter(({ isRetired }) => !isRetired);
    const hasAlerts = this.#held.some(({ page }) => page.alerts.size > 0);
    if (live.length === 0 && !hasAlerts) return false;
    const sinceUs = slotOf(Math.min(...live.map((rule) => rule.sinceUs)), source.slotUs);
    if (this.#held.length === 0) this.#held = [{ page: emptyPage('', sinceUs), version: 0 }];
    // While no rule was there, no window was evaluated either.
    if (!hasAlerts && live.length > 0) for (const { page } of this.#held) page.evaluatedUs = Math.max(page.evaluatedUs, sinceUs);
    return true;
  }

  async #forgetOld(nowUs: number): Promise<void> {
    const day = Math.floor(nowUs / dayUs);
    if (day === this.#forgottenDay) return;
    await this.#deps.pages.forget(this.#deps.tenant, historyDays, nowUs);
    this.#forgottenDay = day;
  }

  #doneUs(): number {
    return Math.min(...this.#held!.map(({ page }) => page.evaluatedUs));
  }

  async #evaluate(doneUs: number, toUs: number): Promise<number> {
    const { source } = this.#deps;
    const found = new Map<HeldPage, Transition[]>();
    for (let atUs = doneUs + source.slotUs; atUs <= toUs; atUs += source.slotUs) {
      for (const held of this.#held!) {
        if (held.page.evaluatedUs >= atUs) continue;
        const transitions = await this.#step(held.page, atUs);
        const known = found.get(held);
        if (known) known.push(...transitions);
        else found.set(held, transitions);
      }
    }
    let count = 0;
    for (const [held, transitions] of found) count += await this.#commit(held, transitions);
    await this.#reload();
    return count;
  }

  /** Evaluates a window with pauses: ingest may share this thread. */
  async #step(page: Page, atUs: number): Promise<Transition[]> {
    const steps = this.#stepper.stepping(page, this.#compiled.rules, atUs);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      if (performance.now() - this.#turnStartedMs < turnMs) continue;
      await yieldToLoop();
      this.#turnStartedMs = performance.now();
    }
  }

  async #commit(held: HeldPage, transitions: Transition[], markUs?: number): Promise<number> {
    const { tenant, pages } = this.#deps;
    const outcome = await pages.commit(tenant, held, transitions, markUs);
    if (outcome === 'conflict') throw new Overtaken('pages were written by somebody else');
    if (outcome === 'written') return transitions.length;
    await this.#part(held.page.bits);
    return 0;
  }

  /** Parts a page as it is stored, before the windows that made it too large: they are evaluated again, on its halves. */
  async #part(bits: string): Promise<void> {
    const { tenant, pages, log } = this.#deps;
    if (bits.length >= maxBits) throw new AppError('INTERNAL', `the page ${bits} of alerts of ${tenant} is too large and cannot be parted`);
    const stored = (await pages.load(tenant)).find(({ page }) => page.bits === bits) ?? {
      page: emptyPage(bits, this.#firstUs()),
      version: 0,
    };
    const homes = new Map(this.#compiled.rules.map((rule) => [rule.rule.name, rule]));
    log.info({ tenant, page: bits }, 'a page of alerts is parted');
    await pages.split(tenant, stored, (rule, fingerprint) => this.#stepper.routeOf(homes.get(rule), fingerprint));
    this.#isParted = true;
  }

  async #reload(): Promise<void> {
    if (!this.#isParted) return;
    this.#held = await this.#deps.pages.load(this.#deps.tenant);
    this.#isParted = false;
  }

  #firstUs(): number {
    return slotOf(Math.min(...this.#compiled.rules.map((rule) => rule.sinceUs)), this.#deps.source.slotUs);
  }

  async #amend(us: number): Promise<number> {
    const { tenant, source, pages } = this.#deps;
    const wholeUs = this.#wholeUs;
    const books = [...this.#compiled.books.values()].filter(({ fromUs, toUs }) => toUs > fromUs);
    if (wholeUs === undefined || books.length === 0 || us <= wholeUs) return 0;
    const fromUs = Math.min(...books.map((book) => book.fromUs));
    const toUs = Math.max(...books.map((book) => book.toUs));
    const changed = await Promise.all(
      this.#signals.map((signal) => source.changedSlots(tenant, signal, { fromUs, toUs, observedFromUs: wholeUs, observedToUs: us })),
    );
    const slots = [...new Set(changed.flat())];
    if (slots.length === 0) return 0;
    const amendments = await amendSlots(source, this.#compiled, this.#stepper, slots, this.#doneUs(), us);
    await pages.amend(tenant, amendments);
    return amendments.length;
  }

  /** Says once that alerts are unknown, where the watermark has been behind for as long as is allowed. */
  async #noteBehind(us: number, latenessUs: number): Promise<boolean> {
    const { clock, source, behindAfterUs } = this.#deps;
    const nextUs = this.#doneUs() + source.slotUs;
    if (clock.nowMs() * 1_000 - Math.max(us, nextUs + latenessUs) < behindAfterUs) {
      this.#behindSinceMs = undefined;
      return false;
    }
    this.#behindSinceMs ??= clock.monotonicMs();
    // A backlog after a start is worked off in no time: what is behind must be so in two passes.
    if (clock.monotonicMs() === this.#behindSinceMs) return false;
    for (const held of this.#held!) {
      if (held.page.unknown) continue;
      const atUs = held.page.evaluatedUs + source.slotUs;
      const transitions = this.#stepper.enterUnknown(held.page, this.#compiled.rules, atUs);
      await this.#commit(held, transitions, atUs);
    }
    await this.#reload();
    return true;
  }
}
