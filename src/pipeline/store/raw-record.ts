import type { QueueBatch } from '../../core/ports/queue.ts';

/** The JSON text of one accepted record as it was appended: what a dead letter keeps. For the rare case, since it walks through the batch. */
export function rawRecord(batch: QueueBatch, offset: number): string {
  const text = Buffer.from(batch.payload.buffer, batch.payload.byteOffset, batch.payload.length).toString();
  const items = batch.format === 'ndjson' ? text.split('\n').filter((line) => line.trim() !== '') : jsonItems(text);
  let left = offset - batch.baseOffset;
  for (const [index, item] of items.entries()) {
    const isAccepted = !batch.accepted || (batch.accepted[index >> 3]! & (1 << (index & 7))) !== 0;
    if (isAccepted && left-- === 0) return item;
  }
  return '';
}

function jsonItems(text: string): string[] {
  const value: unknown = JSON.parse(text);
  return (Array.isArray(value) ? value : [value]).map((item) => JSON.stringify(item));
}
