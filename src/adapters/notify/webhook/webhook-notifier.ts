import { createHmac } from 'node:crypto';
import type { Notification, Notifier } from '../../../core/ports/notifier.ts';
import { type PostOptions, postJson, receiverUrl } from '../../../core/post-json.ts';

export type WebhookOptions = Pick<PostOptions, 'headers' | 'timeoutMs' | 'attempts' | 'pause'> & {
  /** May hold a secret: no error has more of it than its host. */
  url: string;
  /** Signs the body: `x-logdrive-signature: sha256=<HMAC in hex>`. */
  secret?: string;
};

/** Posts notifications as JSON; docs/notifications.md has the format. A repeat has the same `idempotency-key`. */
export class WebhookNotifier implements Notifier {
  readonly #options: WebhookOptions;
  readonly #url: URL;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#url = receiverUrl(options.url, 'the webhook');
  }

  async notify(notification: Notification): Promise<void> {
    const { secret, headers = {}, url: _, ...bounds } = this.#options;
    const { subject, text, severity, links, dedupKey } = notification;
    const body = JSON.stringify({ version: 1, subject, text, severity, links, dedup_key: dedupKey });
    const signature = secret ? { 'x-logdrive-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` } : {};
    const key = encodeURIComponent(dedupKey.toWellFormed());
    const all = { ...headers, ...signature, 'idempotency-key': key };
    await postJson(body, { ...bounds, receiver: `the webhook at ${this.#url.host}`, url: this.#url, headers: all });
  }

  async close(): Promise<void> {}
}
