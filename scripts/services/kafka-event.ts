import type { MSKEvent, MSKRecord } from 'aws-lambda';

/** A message as a client of Kafka reads it; kafkajs's own fits. */
export type ReadMessage = {
  offset: string;
  timestamp: string;
  key?: Buffer | null;
  value: Buffer | null;
  headers?: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
};

/** The event that Lambda makes of messages of one partition. https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html */
export function kafkaEvent(topic: string, partition: number, messages: readonly ReadMessage[], brokers = ''): MSKEvent {
  const records = messages.map(({ offset, timestamp, key, value, headers = {} }): MSKRecord => {
    const record = {
      ...{ topic, partition, offset: Number(offset), timestamp: Number(timestamp), timestampType: 'CREATE_TIME' as const },
      ...(key ? { key: key.toString('base64') } : {}),
      ...(value ? { value: value.toString('base64') } : {}),
      headers: Object.entries(headers).flatMap(([name, values]) =>
        [values].flat().flatMap((each) => (each === undefined ? [] : [{ [name]: [...new Int8Array(Buffer.from(each))] }])),
      ),
    };
    return record as unknown as MSKRecord;
  });
  return { eventSource: 'aws:kafka', eventSourceArn: '', bootstrapServers: brokers, records: { [`${topic}-${partition}`]: records } };
}

/** Lambda hands on 6 MB at most. */
export const maxEventBytes = 6_000_000;

/** What a message adds to an event, about: its value in base64, and each byte of a header as a number and a comma. */
export function eventBytes({ key, value, headers = {} }: ReadMessage): number {
  const header = Object.values(headers).reduce(
    (sum, each) => sum + [each].flat().reduce((n, one) => n + (one?.length ?? 0) * 4 + 20, 0),
    0,
  );
  return 160 + Math.ceil(((key?.length ?? 0) + (value?.length ?? 0)) / 3) * 4 + header;
}

/** Cuts messages into pieces of an event each: `batchSize` messages and 6 MB at most, a larger message alone. */
export function cutForEvents<Message extends ReadMessage>(
  messages: readonly Message[],
  batchSize: number,
  maxBytes = maxEventBytes,
): Message[][] {
  const pieces: Message[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = eventBytes(message);
    const piece = pieces.at(-1);
    if (piece && piece.length < batchSize && bytes + size <= maxBytes) {
      piece.push(message);
      bytes += size;
    } else {
      pieces.push([message]);
      bytes = size;
    }
  }
  return pieces;
}
