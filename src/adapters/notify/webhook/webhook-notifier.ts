import { createHmac } from 'node:crypto';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { webhookPayload } from '../../../core/notice.ts';
import type { Notification, Notifier } from '../../../core/ports/notifier.ts';
import { type PostOptions, postJson, receiverUrl } from '../../../core/post-json.ts';

export type WebhookOptions = Pick<PostOptions, 'headers' | 'timeoutMs' | 'attempts' | 'pause' | 'send'> & {
  /** May hold a secret: no error has more of it than its host. */
  url: string;
  /** Signs time and body: `x-logdrive-signature: t=<epoch seconds>,v1=<HMAC-SHA-256 of "<t>.<body>" in hex>`. */
  secret?: string;
  clock?: Clock;
};

/** Posts notifications as JSON: alerts as Alertmanager does, version 4, others as docs/alert-routing.md says. A repeat has the same `idempotency-key`. */
export class WebhookNotifier implements Notifier {
  readonly #options: WebhookOptions;
  readonly #url: URL;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#url = receiverUrl(options.url, 'the webhook');
  }

  async notify(notification: Notification): Promise<void> {
    const { secret, headers = {}, url: _, clock = systemClock, ...bounds } = this.#options;
    const { subject, text, severity, links, dedupKey, group } = notification;
    const payload = group ? webhookPayload(group) : { version: 1, subject, text, severity, links, dedup_key: dedupKey };
    const body = JSON.stringify(payload);
    const signed = secret ? { 'x-logdrive-signature': signatureOf(body, secret, Math.floor(clock.nowMs() / 1000)) } : {};
    const key = encodeURIComponent(dedupKey.toWellFormed());
    const all = { ...headers, ...signed, 'idempotency-key': key };
    await postJson(body, { ...bounds, receiver: `the webhook at ${this.#url.host}`, url: this.#url, headers: all });
  }

  async close(): Promise<void> {}
}

const signatureOf = (body: string, secret: string, atS: number): string =>
  `t=${atS},v1=${createHmac('sha256', secret).update(`${atS}.${body}`).digest('hex')}`;
