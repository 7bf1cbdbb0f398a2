import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { AppError } from '../../../core/errors.ts';
import { noticeHtml } from '../../../core/notice-html.ts';
import { type Notification, type Notifier, textWithLinks } from '../../../core/ports/notifier.ts';

export type SesOptions = {
  /** A verified identity. */
  from: string;
  to: string[];
  /** AWS's own for the region when absent. */
  endpoint?: string | undefined;
  region?: string | undefined;
  attemptTimeoutMs?: number;
  attempts?: number;
};

/** What no repeat gets past. https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html */
const lasting = new Set([
  'MessageRejected',
  'MailFromDomainNotVerifiedException',
  'BadRequestException',
  'NotFoundException',
  'AccountSuspendedException',
]);

/** Sends notifications as e-mail by SES: plain text and HTML, with `X-Logdrive-Dedup-Key` and `X-Logdrive-Severity` for filters. */
export class SesNotifier implements Notifier {
  readonly #client: SESv2Client;
  readonly #from: string;
  readonly #to: string[];

  constructor({ from, to, endpoint, region, attemptTimeoutMs = 5_000, attempts = 4 }: SesOptions) {
    this.#from = from;
    this.#to = to;
    this.#client = new SESv2Client({
      ...(endpoint ? { endpoint } : {}),
      ...(region ? { region } : {}),
      maxAttempts: attempts,
      requestHandler: { connectionTimeout: 1_000, requestTimeout: attemptTimeoutMs, throwOnRequestTimeout: true },
    });
  }

  async notify(notification: Notification): Promise<void> {
    const { subject, severity, dedupKey, group } = notification;
    const utf8 = (Data: string) => ({ Data, Charset: 'UTF-8' });
    const headers = { 'X-Logdrive-Dedup-Key': encodeURIComponent(dedupKey.toWellFormed()).slice(0, 800), 'X-Logdrive-Severity': severity };
    try {
      await this.#client.send(
        new SendEmailCommand({
          FromEmailAddress: this.#from,
          Destination: { ToAddresses: this.#to },
          Content: {
            Simple: {
              Subject: utf8(`${group ? '' : `[${severity}] `}${subject.replace(/\s+/g, ' ')}`),
              Body: { Text: utf8(textWithLinks(notification)), Html: utf8(noticeHtml(notification)) },
              Headers: Object.entries(headers).map(([Name, Value]) => ({ Name, Value: Value || '-' })),
            },
          },
        }),
      );
    } catch (error) {
      const { name, message } = error as Error;
      if (lasting.has(name)) throw new AppError('INVALID_CONFIG', `SES does not take notifications: ${name}: ${message}`, { cause: error });
      throw new AppError('CHANNEL_UNAVAILABLE', `SES took no notification: ${name}: ${message}`, { retryAfterS: 30, cause: error });
    }
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }
}
