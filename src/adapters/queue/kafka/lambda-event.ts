import type { WireMessage } from './wire.ts';
import { headerName } from './wire-header.ts';

/** Lambda's event of a Kafka event source, as far as it is read here (`eventSource: aws:kafka` or `SelfManagedKafka`). */
export type KafkaEvent = { records: Record<string, KafkaEventRecord[]> };

export type KafkaEventRecord = {
  topic: string;
  partition: number;
  offset: number;
  timestamp: number;
  /** Base64. */
  value?: string | null;
  /** Bytes as numbers; Lambda spells those above 127 as negative ones. */
  headers?: Record<string, number[]>[];
};

export type EventPartition = { topic: string; partition: number; messages: WireMessage[] };

/** The messages of an event by topic and partition, each in the order of its offsets. */
export function messagesOfEvent(event: KafkaEvent): EventPartition[] {
  return Object.values(event.records).flatMap((records) => {
    const [first] = records;
    if (!first) return [];
    let last: { numbers: number[]; header: Uint8Array } | undefined;
    const messages = records.map(({ offset, timestamp, value, headers }): WireMessage => {
      const numbers = headers?.find((header) => headerName in header)?.[headerName];
      if (!numbers) last = undefined;
      else if (!last || !sameNumbers(last.numbers, numbers)) last = { numbers, header: Uint8Array.from(numbers) };
      const bytes = value === undefined || value === null ? null : Buffer.from(value, 'base64');
      return { offset, timestampMs: timestamp, value: bytes, header: last?.header };
    });
    return [{ topic: first.topic, partition: first.partition, messages }];
  });
}

/** The records of a chunk share one object for their header, so that it is compared once. */
function sameNumbers(a: number[], b: number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
