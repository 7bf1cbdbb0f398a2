import { createHash, createHmac } from 'node:crypto';
import { manualClock } from '../../src/core/clock.ts';
import type { LogRecord } from '../../src/core/record.ts';
import { type Accept, type AcceptDeps, createAccept } from '../../src/pipeline/accept/accept.ts';
import { defaultMaskSettings } from '../../src/pipeline/accept/mask.ts';
import { type AcceptLimits, type AcceptRequest, defaultLimits } from '../../src/pipeline/accept/types.ts';
import { Metrics } from '../../src/pipeline/metrics.ts';
import { platformMetrics } from '../../src/pipeline/platform-metrics.ts';
import { type Decoded, recordsOf } from '../../src/pipeline/records-of.ts';
import { KeptQueue } from './kept-queue.ts';

export const startMs = Date.UTC(2026, 10, 20, 12);

/** Accept over a queue in memory, and what it takes to look at both. */
export type Accepting = { accept: Accept; queue: KeptQueue; deps: AcceptDeps; metrics: AcceptDeps['metrics'] };

export function accepting(limits: Partial<AcceptLimits> = {}, queue = new KeptQueue()): Accepting {
  const metrics = platformMetrics(new Metrics());
  const deps: AcceptDeps = {
    queue,
    clock: manualClock(startMs),
    limits: () => ({ ...defaultLimits, ...limits }),
    maskSettings: () => defaultMaskSettings,
    rulesVersion: () => 1,
    hmac: (bytes) => createHmac('sha256', 'a key of the test').update(bytes).digest(),
    metrics,
  };
  return { accept: createAccept(deps), queue, deps, metrics };
}

let requests = 0;

export function requestOf(body: AcceptRequest['body'] | string, over: Partial<AcceptRequest> = {}): AcceptRequest {
  return {
    tenant: 'acme',
    keyId: 'k1',
    requestId: `request-${requests++}`,
    contentType: 'application/json',
    contentEncoding: undefined,
    contentLength: undefined,
    body: typeof body === 'string' ? Buffer.from(body) : body,
    idempotencyKey: undefined,
    defaults: {},
    ...over,
  };
}

export const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Everything the queue holds, decoded as a store would. */
export const decoded = ({ queue }: Accepting): Decoded[] => queue.batches.flatMap((batch) => recordsOf(batch, { hash }));

/** The records alone; a fault is an error. */
export function recordsIn(subject: Accepting): LogRecord[] {
  return decoded(subject).map((item) => {
    if ('fault' in item) throw new Error(item.fault.detail);
    return item.record;
  });
}
