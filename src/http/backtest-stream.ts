import { problemOf } from '../core/errors.ts';
import type { BacktestProgress } from '../pipeline/rules/backtest.ts';

const encoder = new TextEncoder();
/** A line of progress at most this often. */
const everyMs = 200;

export type ProgressSink = (progress: BacktestProgress) => void;

/**
 * Spells a backtest as NDJSON while it runs: `{"progress": 0.42, "windows": n, "transitions": n}` now and then, at last `{"result": …}` or `{"problem": …}`.
 * `work` is given what to tell its progress to, and a signal that is aborted when the reader has gone.
 */
export function backtestStream(
  work: (progress: ProgressSink, gone: AbortSignal) => Promise<unknown>,
  requestId: string,
  nowMs: () => number,
): ReadableStream<Uint8Array> {
  const gone = new AbortController();
  let toldMs = Number.NEGATIVE_INFINITY;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const line = (value: unknown) => {
        if (!gone.signal.aborted) controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
      };
      const progress: ProgressSink = ({ doneUs, fromUs, toUs, windows, transitions }) => {
        if (nowMs() - toldMs < everyMs && doneUs < toUs) return;
        toldMs = nowMs();
        line({ progress: Number(((doneUs - fromUs) / Math.max(1, toUs - fromUs)).toFixed(4)), windows, transitions });
      };
      void work(progress, gone.signal)
        .then((result) => line({ result }))
        .catch((thrown: unknown) => line({ problem: problemOf(thrown, requestId) }))
        .finally(() => {
          if (!gone.signal.aborted) controller.close();
        });
    },
    cancel: () => gone.abort(),
  });
}
