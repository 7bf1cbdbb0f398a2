import type { Notification, Notifier } from '../../../core/ports/notifier.ts';
import { type PostOptions, postJson, receiverUrl } from '../../../core/post-json.ts';

export type PagerDutyOptions = Pick<PostOptions, 'timeoutMs' | 'attempts' | 'pause' | 'send'> & {
  /** Of a service's integration; a secret. */
  routingKey: string;
  /** @default PagerDuty's own */
  url?: string;
};

const defaultUrl = 'https://events.pagerduty.com/v2/enqueue';
/** PagerDuty's bounds. https://developer.pagerduty.com/docs/send-alert-event */
const maxSummary = 1_024;
const maxDetail = 20_000;

/** Sends events to PagerDuty, version 2: a group of alerts is one incident that opens and closes under one `dedup_key`. */
export class PagerDutyNotifier implements Notifier {
  readonly #options: PagerDutyOptions;
  readonly #url: URL;

  constructor(options: PagerDutyOptions) {
    this.#options = options;
    this.#url = receiverUrl(options.url ?? defaultUrl, 'PagerDuty');
  }

  async notify(notification: Notification): Promise<void> {
    const { routingKey, url: _, ...bounds } = this.#options;
    await postJson(JSON.stringify(eventOf(notification, routingKey)), { ...bounds, receiver: 'PagerDuty', url: this.#url });
  }

  async close(): Promise<void> {}
}

function eventOf({ subject, text, severity, links, dedupKey, group }: Notification, routingKey: string): object {
  const dedup_key = (group?.incident ?? dedupKey).slice(0, 255);
  if (group?.status === 'resolved') return { routing_key: routingKey, event_action: 'resolve', dedup_key };
  const [first] = group?.alerts ?? [];
  const details = {
    text: text.slice(0, maxDetail),
    ...(group ? { firing: group.alerts.filter(({ status }) => status === 'firing').length, labels: group.groupLabels } : {}),
  };
  return {
    ...{ routing_key: routingKey, event_action: 'trigger', dedup_key, client: 'Logdrive' },
    ...(group ? { client_url: group.externalUrl } : {}),
    links: links.map(({ title, url }) => ({ href: url, text: title })),
    payload: {
      ...{ summary: subject.slice(0, maxSummary), source: first?.labels.service ?? 'logdrive', severity },
      ...(first ? { timestamp: new Date(first.startsUs / 1000).toISOString(), class: first.rule } : {}),
      custom_details: details,
    },
  };
}
