import { setTimeout as wait } from 'node:timers/promises';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { backoffMs } from '../../../core/backoff.ts';
import { AppError } from '../../../core/errors.ts';
import type { Kept } from './items.ts';
import { translated } from './table.ts';

/** SQS's bound of a batch. */
const batchSize = 10;
const maxAttributeLength = 1_000;
const sendAttempts = 5;
const sendPause = { baseMs: 50, maxMs: 2_000 };

/** A message as it was received. `id` is its letter's, undefined for a message that is not ours. */
export type Received = { messageId: string; handle: string; id: string | undefined };

/** Messages that stand for dead letters. The body is the record's bytes, or `{"object": name}` where they are too large; attributes tell the cause. */
export class Messages {
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /** Sends a message for each letter; the ids of messages in the order of the letters. @throws AppError STORE_UNAVAILABLE when some were not taken */
  async send(letters: readonly Kept[]): Promise<string[]> {
    const ids: string[] = [];
    for (let from = 0; from < letters.length; from += batchSize) {
      let left = letters.slice(from, from + batchSize).map((kept, i) => ({ at: from + i, ...messageOf(kept) }));
      for (let attempt = 0; left.length > 0; attempt++) {
        if (attempt > 0) await wait(backoffMs(attempt, sendPause));
        const Entries = left.map(({ at, ...message }) => ({ Id: String(at), ...message }));
        const answer = await translated(() => this.#client.send(new SendMessageBatchCommand({ QueueUrl: this.#url, Entries })));
        for (const { Id, MessageId } of answer.Successful ?? []) ids[Number(Id)] = MessageId!;
        left = left.filter(({ at }) => ids[at] === undefined);
        if (left.length > 0 && attempt === sendAttempts - 1) {
          const why = answer.Failed?.[0];
          throw new AppError('STORE_UNAVAILABLE', `the queue of dead letters took no message: ${why?.Code}: ${why?.Message}`, {
            retryAfterS: 1,
          });
        }
      }
    }
    return ids;
  }

  /** Takes some messages for a while; none when there are none (all servers are asked). */
  async receive(visibilityS: number): Promise<Received[]> {
    const wanted = { MaxNumberOfMessages: batchSize, WaitTimeSeconds: 1, VisibilityTimeout: visibilityS, MessageAttributeNames: ['id'] };
    const { Messages: found = [] } = await translated(() =>
      this.#client.send(new ReceiveMessageCommand({ QueueUrl: this.#url, ...wanted })),
    );
    return found.map(({ MessageId, ReceiptHandle, MessageAttributes }) => ({
      messageId: MessageId!,
      handle: ReceiptHandle!,
      id: MessageAttributes?.id?.StringValue,
    }));
  }

  async remove(messages: readonly Received[]): Promise<void> {
    for (const entries of batchesOf(messages)) {
      await translated(() => this.#client.send(new DeleteMessageBatchCommand({ QueueUrl: this.#url, Entries: entries })));
    }
  }

  /** Gives messages back to whoever asks next. */
  async release(messages: readonly Received[]): Promise<void> {
    for (const entries of batchesOf(messages)) {
      const Entries = entries.map((entry) => ({ ...entry, VisibilityTimeout: 0 }));
      await translated(() => this.#client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#url, Entries })));
    }
  }

  /** How long the queue keeps a message, milliseconds. */
  async retentionMs(): Promise<number> {
    const asked = new GetQueueAttributesCommand({ QueueUrl: this.#url, AttributeNames: ['MessageRetentionPeriod'] });
    const { Attributes } = await translated(() => this.#client.send(asked));
    return Number(Attributes?.MessageRetentionPeriod ?? 345_600) * 1_000;
  }
}

/** One that is not removed or given back now is found by the next reconciliation. */
function* batchesOf(messages: readonly Received[]): Generator<{ Id: string; ReceiptHandle: string }[]> {
  for (let from = 0; from < messages.length; from += batchSize) {
    yield messages.slice(from, from + batchSize).map(({ handle }, i) => ({ Id: String(i), ReceiptHandle: handle }));
  }
}

/** What SQS takes in a text. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const notTaken = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const taken = (text: string): string => text.replace(notTaken, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

function messageOf({ letter, object }: Kept): { MessageBody: string; MessageAttributes: Record<string, MessageAttributeValue> } {
  const { generation, partition, offset } = letter.position;
  const attributes = {
    id: letter.id,
    tenant: letter.tenant,
    sink: letter.sink,
    code: letter.code,
    detail: letter.detail,
    cause: letter.cause,
    position: `${generation}/${partition}/${offset}`,
    attempts: String(letter.attempts),
    first_at: new Date(letter.firstAtMs).toISOString(),
    code_version: letter.codeVersion,
  };
  const given = Object.entries(attributes).filter(([, value]) => value !== '');
  return {
    MessageBody: object === undefined ? taken(letter.body) || ' ' : JSON.stringify({ object }),
    MessageAttributes: Object.fromEntries(
      given.map(([name, value]) => [name, { DataType: 'String', StringValue: taken(value.slice(0, maxAttributeLength).toWellFormed()) }]),
    ),
  };
}
