import type { Notification, Notifier, Severity } from '../../../core/ports/notifier.ts';
import { type PostOptions, postJson, receiverUrl } from '../../../core/post-json.ts';

export type OpsgenieOptions = Pick<PostOptions, 'timeoutMs' | 'attempts' | 'pause' | 'send'> & {
  /** Of an API integration; a secret. */
  apiKey: string;
  /** @default 'https://api.opsgenie.com' */
  url?: string;
};

const priorities: Record<Severity, string> = { critical: 'P1', warning: 'P3', info: 'P5' };
/** Opsgenie's bounds. https://docs.opsgenie.com/docs/alert-api */
const maxMessage = 130;
const maxDescription = 15_000;

/** Creates alerts at Opsgenie and closes them: a group of alerts is one, known by its `alias`. */
export class OpsgenieNotifier implements Notifier {
  readonly #options: OpsgenieOptions;
  readonly #base: URL;

  constructor(options: OpsgenieOptions) {
    this.#options = options;
    this.#base = receiverUrl(`${(options.url ?? 'https://api.opsgenie.com').replace(/\/+$/, '')}/v2/alerts`, 'Opsgenie');
  }

  async notify({ subject, text, severity, links, dedupKey, group }: Notification): Promise<void> {
    const { apiKey, url: _, ...bounds } = this.#options;
    const alias = (group?.incident ?? dedupKey).slice(0, 512);
    const post = (url: URL, body: object) =>
      postJson(JSON.stringify(body), { ...bounds, receiver: 'Opsgenie', url, headers: { authorization: `GenieKey ${apiKey}` } });
    if (group?.status === 'resolved') {
      const url = new URL(`${this.#base.href}/${encodeURIComponent(alias)}/close?identifierType=alias`);
      await post(url, { source: 'Logdrive', note: text.slice(0, maxDescription) });
      return;
    }
    await post(this.#base, {
      ...{
        message: subject.slice(0, maxMessage),
        alias,
        description: text.slice(0, maxDescription),
        priority: priorities[severity],
        source: 'Logdrive',
      },
      details: { ...group?.groupLabels, ...Object.fromEntries(links.map(({ title, url }) => [title, url])) },
    });
  }

  async close(): Promise<void> {}
}
