import type { Notification, Notifier, Severity } from '../../../core/ports/notifier.ts';
import { type PostOptions, postJson, receiverUrl } from '../../../core/post-json.ts';

export type SlackOptions = Pick<PostOptions, 'timeoutMs' | 'attempts' | 'pause' | 'send'> & {
  /** Of an incoming webhook; a secret. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
  url: string;
};

const colours: Record<Severity, string> = { info: '#6b7280', warning: '#d97706', critical: '#dc2626' };
const resolvedColour = '#16a34a';
/** Slack's bounds: of a header, of a section, of a button's text and URL, of the buttons in a row. https://docs.slack.dev/reference/block-kit/blocks */
const maxHeader = 150;
const maxSection = 3_000;
const maxButton = 75;
const maxUrl = 3_000;
const maxButtons = 25;

/** Posts notifications to an incoming webhook of Slack: a coloured attachment with subject, text, and links; those of alerts are buttons. */
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

function messageOf({ subject, text, severity, links, group }: Notification): object {
  const section = (mrkdwn: string) => ({ type: 'section', text: { type: 'mrkdwn', text: cut(mrkdwn, maxSection) } });
  const shown = links.map(({ title, url }) => `<${escaped(url).replaceAll('|', '%7C')}|${escaped(title)}>`);
  const inPlace = group ? buttons(links) : shown.length === 0 ? [] : [section(shown.join(' · '))];
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: cut(subject, maxHeader) } },
    ...(text === '' ? [] : [section(escaped(text))]),
    ...inPlace,
  ];
  const summary = group ? subject : `[${severity}] ${subject}`;
  return { text: escaped(summary), attachments: [{ color: group?.status === 'resolved' ? resolvedColour : colours[severity], blocks }] };
}

function buttons(links: Notification['links']): object[] {
  const usable = links.filter(({ url }) => url.length <= maxUrl && /^https?:\/\//i.test(url)).slice(0, maxButtons);
  if (usable.length === 0) return [];
  const element = ({ title, url }: { title: string; url: string }, i: number) => ({
    ...{ type: 'button', text: { type: 'plain_text', text: cut(title, maxButton) }, url, action_id: `link-${i}` },
  });
  return [{ type: 'actions', elements: usable.map(element) }];
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const cut = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`);
