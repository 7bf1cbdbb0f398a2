import type { RuleSignal } from '../../alerts/rule/rule.ts';
import type { Watermark, WindowSource } from '../../alerts/windows/window-source.ts';
import { AppError } from '../../core/errors.ts';
import type { Log } from '../../core/ports/log.ts';

const unknown: Watermark = { us: 0, latenessUs: 0 };

/** Asks how far the signals that rules are about are whole: the least of them. A store that does not answer stands where it stood. */
export function createLeastWatermark(source: WindowSource, log: Log): (signals: readonly RuleSignal[]) => Promise<Watermark> {
  const last = new Map<RuleSignal, Watermark>();
  const ask = async (signal: RuleSignal): Promise<Watermark> => {
    try {
      const found = await source.watermark(signal);
      last.set(signal, found);
      return found;
    } catch (error) {
      if (!(error instanceof AppError) || !error.retryable) throw error;
      log.warn({ error, signal }, 'store does not answer, rules wait for it');
      return last.get(signal) ?? unknown;
    }
  };
  return async (signals) => {
    const marks = await Promise.all((signals.length > 0 ? signals : (['logs'] as const)).map(ask));
    return { us: Math.min(...marks.map(({ us }) => us)), latenessUs: Math.max(...marks.map(({ latenessUs }) => latenessUs)) };
  };
}
