import type { WindowSource } from '../../alerts/windows/window-source.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { ruleKeys } from '../rules/keys.ts';
import type { Evaluator, Passed } from './evaluator.ts';

export type ScheduleDeps = {
  state: StateStore;
  /** Made with the first rule. */
  source(): Promise<WindowSource>;
  clock: Clock;
  log: Log;
  /** @default 15 s */
  everyMs?: number;
  /** How long after a window's end a pass comes: its lateness, and what is on its way to disk. @default 6.2 s */
  afterMs?: number;
  passed?(passed: Passed): void;
};

export type Schedule = { start(): void; stop(): Promise<void> };

/**
 * Runs a pass of the evaluator soon after each window is due. Until there is a rule it only asks whether there is one: nothing of the evaluator is loaded.
 */
export function scheduleEvaluation({ state, source, clock, log, everyMs = 15_000, afterMs = 6_200, passed }: ScheduleDeps): Schedule {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isStopped = false;
  let evaluator: Evaluator | undefined;

  const pass = async () => {
    if (!evaluator) {
      if (!(await state.get(ruleKeys.revision))) return;
      const { Evaluator } = await import('./evaluator.ts');
      evaluator = new Evaluator({ state, source: await source(), clock, log });
    }
    const result = await evaluator.pass();
    passed?.(result);
  };
  const plan = () => {
    if (isStopped) return;
    const waitMs = everyMs - ((((clock.nowMs() - afterMs) % everyMs) + everyMs) % everyMs);
    timer = setTimeout(() => {
      running = pass()
        .catch((error: unknown) => log.error({ error }, 'evaluation failed, will be tried again'))
        .finally(plan);
    }, waitMs);
    timer.unref();
  };
  return {
    start: plan,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
