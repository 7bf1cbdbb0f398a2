import { problemOf } from '../core/errors.ts';
import type { StoredRecord } from '../core/record.ts';
import type { Platform } from '../pipeline/platform.ts';
import { parseCursor, printCursor } from '../pipeline/store/tails.ts';
import type { TailSlice } from '../pipeline/store-api.ts';
import type { Expression } from '../query/ast/expression.ts';
import type { HttpOptions } from './options.ts';
import { recordJson } from './record-json.ts';

export type TailRequest = {
  id: string;
  tenant: string;
  where: Expression;
  /** Resumes behind it; undefined: from now on. */
  cursor: string | undefined;
  gone: AbortSignal;
  onEnd: () => void;
};

const defaultHeartbeatMs = 15_000;
const reconnectMs = 2_000;
const encoder = new TextEncoder();

/**
 * Opens a live tail as Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Slices are fetched only as fast as
 * the client reads: what a slow one cannot take is counted by the store and told as `event: missed`. Ends when the client leaves or the host
 * stops.
 */
export function openTail(platform: Platform, options: HttpOptions, request: TailRequest): ReadableStream<Uint8Array> {
  const { heartbeatMs = defaultHeartbeatMs, stopping } = options;
  const { id, tenant, where } = request;
  let { cursor } = request;
  let started = false;
  let over = false;
  let left = false;
  const end = () => {
    if (over) return;
    over = true;
    request.gone.removeEventListener('abort', end);
    stopping?.removeEventListener('abort', end);
    request.onEnd();
    void platform.store.endTail(id).catch((thrown: unknown) => options.log.warn({ error: thrown }, 'live tail could not be ended'));
  };
  request.gone.addEventListener('abort', end);
  stopping?.addEventListener('abort', end);
  if (request.gone.aborted || stopping?.aborted) end();

  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(encoder.encode(`retry: ${reconnectMs}\n: connected\n\n`)),
      pull: async (controller) => {
        try {
          // The first slice is asked for without waiting: it says where the tail begins, so that a client that is cut off at once can resume.
          const slice = over ? undefined : await platform.store.tail(id, tenant, where, cursor, started ? heartbeatMs : 0);
          if (left) return;
          if (slice && !over) {
            controller.enqueue(encoder.encode(eventsOf(slice, cursor)));
            cursor = slice.cursor;
            started = true;
            return;
          }
          controller.enqueue(encoder.encode(event('end', { reason: stopping?.aborted ? 'the server stops' : 'the tail was closed' })));
        } catch (thrown) {
          if (left) return;
          options.log.warn({ tenant, error: thrown }, 'live tail failed');
          controller.enqueue(encoder.encode(event('error', problemOf(thrown, request.id.split('/')[0]))));
        }
        end();
        controller.close();
      },
      cancel: () => {
        left = true;
        end();
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
function eventsOf({ records, cursor, missed }: TailSlice, before: string | undefined): string {
  let text = '';
  const ends = parseCursor(cursor);
  for (let i = records.length - 1; i >= 0; i--) {
    const record = records[i]!;
    text = `${ends ? `id: ${printCursor(ends)}\n` : ''}data: ${JSON.stringify(recordJson(record))}\n\n${text}`;
    if (ends) lower(ends, record);
  }
  if (missed > 0) text = event('missed', { count: missed }) + text;
  if (records.length > 0) return text;
  // An id without data moves the client on without an event.
  return `${text}: heartbeat\n${cursor === before ? '' : `id: ${cursor}\n`}\n`;
}

function lower(ends: Map<string, number>, { generation, partition, offset }: StoredRecord): void {
  const key = `${generation}.${partition}`;
  ends.set(key, Math.min(ends.get(key) ?? offset, offset));
}
