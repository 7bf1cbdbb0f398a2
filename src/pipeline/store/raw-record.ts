import type { QueueBatch } from '../../core/ports/queue.ts';

/** The JSON texts of the accepted records of a batch as they were appended, in order of their offsets. For rare cases. */
export function rawRecords({ payload, format, accepted }: QueueBatch): string[] {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString();
  const items = format === 'ndjson' ? text.split('\n').filter((line) => line.trim() !== '') : jsonItems(text);
  return items.filter((_, index) => !accepted || (accepted[index >> 3]! & (1 << (index & 7))) !== 0);
}

/** The JSON text of one accepted record as it was appended: what a dead letter keeps. Walks through the batch. */
export const rawRecord = (batch: QueueBatch, offset: number): string => rawRecords(batch)[offset - batch.baseOffset] ?? '';

function jsonItems(text: string): string[] {
  const value: unknown = JSON.parse(text);
  return (Array.isArray(value) ? value : [value]).map((item) => JSON.stringify(item));
}
