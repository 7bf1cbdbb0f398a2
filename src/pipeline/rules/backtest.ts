import { setImmediate as yieldToLoop } from 'node:timers/promises';
import { compileRules, type KeptRule } from '../../alerts/evaluate/compile.ts';
import { emptyPage } from '../../alerts/evaluate/page.ts';
import { fillBooks } from '../../alerts/evaluate/run-windows.ts';
import { WindowStepper } from '../../alerts/evaluate/step-window.ts';
import type { Rule } from '../../alerts/rule/rule.ts';
import type { Transition } from '../../alerts/transition.ts';
import { slotOf, type WindowSource } from '../../alerts/windows/window-source.ts';
import { AppError } from '../../core/errors.ts';

export type BacktestRequest = {
  tenant: string;
  rule: Rule;
  /** Rules that it asks for; evaluated beside it. */
  others: readonly Rule[];
  version: number;
  /** Windows that end in (fromUs, toUs]. */
  fromUs: number;
  toUs: number;
  /** Ends of windows at which the ledger was behind, ascending. */
  behindUs?: readonly number[];
};

export type BacktestProgress = { doneUs: number; fromUs: number; toUs: number; windows: number; transitions: number };

/** `truncated`: there were more transitions than are listed. `episodes` counts those that fired. */
export type BacktestResult = { transitions: Transition[]; truncated: boolean; windows: number; episodes: number };

const windowsARead = 240;
const maxListed = 50_000;
/** How long windows are evaluated before others have their turn. */
const turnMs = 8;

/**
 * Runs the production evaluator over stored data: what it would have done had each record come in time. Where the ledger was behind, it says so as it
 * did then. The pages are in memory, and nobody is told.
 */
export async function runBacktest(
  source: WindowSource,
  { tenant, rule, others, version, fromUs, toUs, behindUs = [] }: BacktestRequest,
  progress: (progress: BacktestProgress) => void | Promise<void> = () => {},
  signal?: AbortSignal,
): Promise<BacktestResult> {
  const kept = [rule, ...others].map((item): KeptRule => ({ rule: item, version, sinceUs: 0, isRetired: false }));
  const compiled = compileRules(tenant, kept, fromUs);
  const stepper = new WindowStepper();
  const startUs = slotOf(fromUs, source.slotUs);
  const endUs = slotOf(toUs, source.slotUs);
  const page = emptyPage('', startUs);
  const result: BacktestResult = { transitions: [], truncated: false, windows: 0, episodes: 0 };
  const add = (transitions: Transition[]) => {
    for (const transition of transitions) {
      if (transition.rule !== rule.name) continue;
      if (transition.to === 'firing' && transition.from !== 'unknown') result.episodes++;
      if (result.transitions.length < maxListed) result.transitions.push(transition);
      else result.truncated = true;
    }
  };
  const behind = new Set(behindUs);
  let turnStartedMs = performance.now();
  for (let doneUs = startUs; doneUs < endUs; ) {
    const nextUs = Math.min(endUs, doneUs + windowsARead * source.slotUs);
    await fillBooks(source, compiled, doneUs, nextUs);
    for (let atUs = doneUs + source.slotUs; atUs <= nextUs; atUs += source.slotUs) {
      if (behind.has(atUs)) add(stepper.enterUnknown(page, compiled.rules, atUs));
      add(stepper.step(page, compiled.rules, atUs));
      result.windows++;
      if (performance.now() - turnStartedMs < turnMs) continue;
      await yieldToLoop();
      turnStartedMs = performance.now();
    }
    if (signal?.aborted) throw new AppError('REQUEST_TIMEOUT', 'whoever asked for the backtest has gone');
    doneUs = nextUs;
    await progress({ doneUs, fromUs: startUs, toUs: endUs, windows: result.windows, transitions: result.transitions.length });
  }
  return result;
}
