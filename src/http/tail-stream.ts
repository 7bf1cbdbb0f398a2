import { problemOf } from '../core/errors.ts';
import type { StoredRecord } from '../core/record.ts';
import { parseCursor, printCursor } from '../pipeline/store/tails.ts';
import type { TailSlice } from '../pipeline/store-api.ts';
import type { LiveTail } from './live-tail.ts';
import type { HttpOptions } from './options.ts';
import { recordJson } from './record-json.ts';

const reconnectMs = 2_000;
const encoder = new TextEncoder();

/**
 * Spells a live tail as Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html). What a slow reader could not take is
 * told as `event: missed`, with the sum since the connection began.
 */
export function tailStream(tail: LiveTail, options: HttpOptions, requestId: string): ReadableStream<Uint8Array> {
  const { stopping, log } = options;
  let left = false;
  let missed = 0;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(encoder.encode(`retry: ${reconnectMs}\n: connected\n\n`)),
      pull: async (controller) => {
        try {
          const before = tail.cursor;
          const slice = await tail.next();
          if (left) return;
          if (slice) {
            missed += slice.missed;
            controller.enqueue(encoder.encode(eventsOf(slice, before, missed)));
            return;
          }
          controller.enqueue(encoder.encode(event('end', { reason: stopping?.aborted ? 'the server stops' : 'the tail was closed' })));
        } catch (thrown) {
          if (left) return;
          log.warn({ request_id: requestId, error: thrown }, 'live tail failed');
          controller.enqueue(encoder.encode(event('error', problemOf(thrown, requestId))));
        }
        tail.end();
        controller.close();
      },
      cancel: () => {
        left = true;
        tail.end();
      },
    },
    { highWaterMark: 1 },
  );
}

const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * A slice as events. The id of a record's event is the vector of positions at which a resumed tail must begin to see what stands behind it in
 * the slice: never beyond a record that is still to come, whatever order they are in.
 */
function eventsOf({ records, cursor, missed }: TailSlice, before: string | undefined, total: number): string {
  let text = '';
  const ends = parseCursor(cursor);
  for (let i = records.length - 1; i >= 0; i--) {
    const record = records[i]!;
    text = `${ends ? `id: ${printCursor(ends)}\n` : ''}data: ${JSON.stringify(recordJson(record))}\n\n${text}`;
    if (ends) lower(ends, record);
  }
  if (missed > 0) text = event('missed', { count: missed, total }) + text;
  if (records.length > 0) return text;
  // An id without data moves the client on without an event.
  return `${text}: heartbeat\n${cursor === before ? '' : `id: ${cursor}\n`}\n`;
}

function lower(ends: Map<string, number>, { generation, partition, offset }: StoredRecord): void {
  const key = `${generation}.${partition}`;
  ends.set(key, Math.min(ends.get(key) ?? offset, offset));
}
