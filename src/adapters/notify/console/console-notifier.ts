import type { Log } from '../../../core/ports/log.ts';
import type { Notification, Notifier } from '../../../core/ports/notifier.ts';

const colours = { resolved: '\x1b[32m', info: '\x1b[36m', warning: '\x1b[33m', critical: '\x1b[31m' } as const;
const bold = '\x1b[1m';
const reset = '\x1b[0m';

/**
 * Writes notifications where the platform runs: to its own log, `critical` as errors and `warning` as warnings; or, where a person looks at a terminal,
 * as text for people.
 */
export class ConsoleNotifier implements Notifier {
  readonly #log: Log;
  readonly #terminal: ((text: string) => void) | undefined;

  /** `terminal` takes text for a person; without one the log is used. */
  constructor(log: Log, terminal?: (text: string) => void) {
    this.#log = log;
    this.#terminal = terminal;
  }

  async notify(notification: Notification): Promise<void> {
    if (this.#terminal) this.#terminal(terminalText(notification));
    else this.#write(notification);
  }

  async close(): Promise<void> {}

  #write({ subject, text, severity, links, dedupKey }: Notification): void {
    const fields = { subject, text, severity, dedup_key: dedupKey, ...(links.length > 0 ? { links: links.map(({ url }) => url) } : {}) };
    const level = severity === 'critical' ? 'error' : severity === 'warning' ? 'warn' : 'info';
    this.#log[level](fields, 'notification');
  }
}

function terminalText({ subject, text, severity, links, group }: Notification): string {
  const colour = colours[group?.status === 'resolved' ? 'resolved' : severity];
  const bar = `${colour}┃${reset} `;
  const lines = [...text.split('\n'), ...links.map(({ title, url }) => `${title}: ${url}`)].map(harmless);
  return ['', `${bar}${bold}${colour}${harmless(subject)}${reset}`, ...lines.map((line) => bar + line), '', ''].join('\n');
}

/** Text from elsewhere without what would steer the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const harmless = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
