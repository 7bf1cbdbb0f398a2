import type { Notification, Notifier, Severity } from '../../../core/ports/notifier.ts';
import { type PostOptions, postJson, receiverUrl } from '../../../core/post-json.ts';

export type SlackOptions = Pick<PostOptions, 'timeoutMs' | 'attempts' | 'pause'> & {
  /** Of an incoming webhook; a secret. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
  url: string;
};

const colours: Record<Severity, string> = { info: '#6b7280', warning: '#d97706', critical: '#dc2626' };
/** Slack's bounds of a header and of a section. */
const maxHeader = 150;
const maxSection = 3_000;

/** Posts notifications to an incoming webhook of Slack: a coloured attachment with subject, text and links. */
export class SlackNotifier implements Notifier {
  readonly #options: SlackOptions;
  readonly #url: URL;

  constructor(options: SlackOptions) {
    this.#options = options;
    this.#url = receiverUrl(options.url, 'Slack');
  }

  async notify(notification: Notification): Promise<void> {
    const { url: _, ...bounds } = this.#options;
    await postJson(JSON.stringify(messageOf(notification)), { ...bounds, receiver: 'Slack', url: this.#url });
  }

  async close(): Promise<void> {}
}

function messageOf({ subject, text, severity, links }: Notification): object {
  const section = (mrkdwn: string) => ({ type: 'section', text: { type: 'mrkdwn', text: cut(mrkdwn, maxSection) } });
  const shown = links.map(({ title, url }) => `<${escaped(url).replaceAll('|', '%7C')}|${escaped(title)}>`);
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: cut(subject, maxHeader) } },
    ...(text === '' ? [] : [section(escaped(text))]),
    ...(shown.length === 0 ? [] : [section(shown.join(' · '))]),
  ];
  return { text: escaped(`[${severity}] ${subject}`), attachments: [{ color: colours[severity], blocks }] };
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const cut = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`);
