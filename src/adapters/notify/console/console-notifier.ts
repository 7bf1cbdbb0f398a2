import type { Log } from '../../../core/ports/log.ts';
import type { Notification, Notifier } from '../../../core/ports/notifier.ts';

/** Writes notifications to the platform's own log: `critical` as errors, `warning` as warnings. */
export class ConsoleNotifier implements Notifier {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  async notify({ subject, text, severity, links, dedupKey }: Notification): Promise<void> {
    const fields = { subject, text, severity, dedup_key: dedupKey, ...(links.length > 0 ? { links: links.map(({ url }) => url) } : {}) };
    const level = severity === 'critical' ? 'error' : severity === 'warning' ? 'warn' : 'info';
    this.#log[level](fields, 'notification');
  }

  async close(): Promise<void> {}
}
