import { createHash } from 'node:crypto';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { AppError } from '../../../core/errors.ts';
import { type Notification, type Notifier, textWithLinks } from '../../../core/ports/notifier.ts';

export type SnsOptions = {
  topicArn: string;
  /** AWS's own for the region when absent. */
  endpoint?: string | undefined;
  region?: string | undefined;
  attemptTimeoutMs?: number;
  attempts?: number;
};

/** SNS's bounds: of a subject, printable ASCII without a blank in front; of a message. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const maxSubject = 100;
const maxMessageBytes = 250_000;
/** What no repeat gets past: the topic is not there, may not be used, or does not take this. */
const lasting = new Set([
  'NotFound',
  'NotFoundException',
  'AuthorizationError',
  'AuthorizationErrorException',
  'InvalidParameter',
  'InvalidParameterException',
]);

/** Publishes notifications to a topic of SNS. A FIFO topic drops repeats of one `dedupKey` within five minutes. */
export class SnsNotifier implements Notifier {
  readonly #client: SNSClient;
  readonly #topicArn: string;

  constructor({ topicArn, endpoint, region, attemptTimeoutMs = 5_000, attempts = 4 }: SnsOptions) {
    this.#topicArn = topicArn;
    this.#client = new SNSClient({
      ...(endpoint ? { endpoint } : {}),
      ...(region ? { region } : {}),
      maxAttempts: attempts,
      requestHandler: { connectionTimeout: 1_000, requestTimeout: attemptTimeoutMs, throwOnRequestTimeout: true },
    });
  }

  async notify(notification: Notification): Promise<void> {
    const { subject, severity, dedupKey } = notification;
    const text = (value: string) => ({ DataType: 'String', StringValue: value });
    const fifo = { MessageGroupId: 'notifications', MessageDeduplicationId: createHash('sha256').update(dedupKey).digest('hex') };
    try {
      await this.#client.send(
        new PublishCommand({
          TopicArn: this.#topicArn,
          Subject: subjectOf(`[${severity}] ${subject}`),
          Message: cut(textWithLinks(notification)) || subject || ' ',
          MessageAttributes: { severity: text(severity), ...(dedupKey === '' ? {} : { dedup_key: text(dedupKey) }) },
          ...(this.#topicArn.endsWith('.fifo') ? fifo : {}),
        }),
      );
    } catch (error) {
      const { name, message } = error as Error;
      if (lasting.has(name)) throw new AppError('INVALID_CONFIG', `SNS does not take notifications: ${name}: ${message}`, { cause: error });
      throw new AppError('CHANNEL_UNAVAILABLE', `SNS took no notification: ${name}: ${message}`, { retryAfterS: 30, cause: error });
    }
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }
}

/** Letters lose their marks; what is no ASCII then becomes a blank. */
function subjectOf(text: string): string {
  const plain = text
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^\x21-\x7e]+/g, ' ');
  return plain.trim().slice(0, maxSubject).trim();
}

function cut(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= maxMessageBytes
    ? text
    : `${bytes
        .subarray(0, maxMessageBytes)
        .toString()
        .replace(/\ufffd+$/, '')}…`;
}
