import type { Clock } from '../../core/clock.ts';
import { AppError, type ErrorCode } from '../../core/errors.ts';
import type { Appended, KnownRequest, Queue, RawBatch } from '../../core/ports/queue.ts';
import type { SeriesBudget } from '../measure/series-budget.ts';
import type { PlatformMetrics } from '../platform-metrics.ts';
import { bodyKind } from './body-kind.ts';
import { type CheckedBody, checkJson, checkLines, withFaults } from './check-body.ts';
import { csvToNdjson } from './csv-records.ts';
import { decodeBody } from './decode-body.ts';
import { type MaskSettings, mask } from './mask.ts';
import { partitionOf } from './partition-of.ts';
import { readBody } from './read-body.ts';
import { checkIdempotencyKey, Settler } from './settle.ts';
import { textToNdjson } from './text-records.ts';
import type { AcceptAnswer, AcceptLimits, AcceptRequest, RejectedItem } from './types.ts';
import { checkUtf8 } from './utf8.ts';

export type AcceptDeps = {
  queue: Queue;
  clock: Clock;
  /** Of a tenant, as they are now. */
  limits(tenant: string): AcceptLimits;
  /** Of a tenant; the same object until they change. */
  maskSettings(tenant: string): MaskSettings;
  /** Version of the process rules that records taken in now are to meet. */
  rulesVersion(): number;
  /** Keyed digest of a body, for telling bodies apart without keeping them. */
  hmac(bytes: Uint8Array): Uint8Array;
  /** Bounds the series of metrics of each tenant. @default unbounded */
  series?: Pick<SeriesBudget, 'ready' | 'admits'>;
  metrics: Pick<PlatformMetrics, 'batchesReceived' | 'logsIngested' | 'logsRejected' | 'publishFailures' | 'secretsMasked'>;
};

export type Accept = (request: AcceptRequest) => Promise<AcceptAnswer>;

/** How many faults an error that refuses everything lists. */
const maxListed = 100;

/**
 * Makes the verb accept: reads and decodes a body within its limits, masks it, checks each record, and appends those that will do to the queue,
 * as they were received; answers once they are durable.
 * The answer is for requests of which something (or nothing, of nothing) was accepted.
 * @throws AppError INVALID_BODY, INVALID_RECORD where no record will do, BODY_TOO_LARGE, MEDIA_TYPE, INVALID_PARAMETER, IDEMPOTENCY_IN_FLIGHT,
 * IDEMPOTENCY_MISMATCH, and the queue's QUEUE_UNAVAILABLE, DISK_FULL, SHUTTING_DOWN
 */
export function createAccept(deps: AcceptDeps): Accept {
  const settler = new Settler(deps.queue);
  return async (request) => {
    deps.metrics.batchesReceived.add();
    const { tenant, idempotencyKey } = request;
    const observedUs = Math.round(deps.clock.nowMs() * 1000);
    const limits = deps.limits(tenant);
    if (idempotencyKey !== undefined) checkIdempotencyKey(idempotencyKey);
    if (request.translate) await deps.series?.ready(tenant);
    const decoded = await decodeBody(await readBody(request, limits), request.contentEncoding, limits);
    if (idempotencyKey === undefined && !request.impliesKey) return takeIn(deps, request, decoded, limits, observedUs, undefined);
    const bodyHmac = deps.hmac(decoded);
    const key = idempotencyKey ?? (await impliedKey(deps, tenant, bodyHmac));
    const idempotency = { key, bodyHmac };
    return settler.settle(
      tenant,
      idempotency,
      () => takeIn(deps, request, decoded, limits, observedUs, idempotency),
      (known) => replay(request, known, known.accepted ? check(deps, request, decoded, limits, observedUs).checked.items : []),
    );
  };
}

async function takeIn(
  deps: AcceptDeps,
  request: AcceptRequest,
  decoded: Uint8Array,
  limits: AcceptLimits,
  observedUs: number,
  idempotency: RawBatch['idempotency'],
): Promise<AcceptAnswer> {
  const { queue, metrics } = deps;
  const { tenant, requestId, defaults } = request;
  const { payload, checked } = check(deps, request, decoded, limits, observedUs);
  const { total, count, accepted, items } = checked;
  metrics.logsRejected.add(items.length);
  if (total === 0) return { status: 202, receipt: undefined, accepted: 0, rejected: 0, items: [], replayed: false };
  if (count === 0) throw refusal(items);
  const partition = partitionOf(tenant, idempotency?.key ?? requestId, queue.partitions);
  const rulesVersion = deps.rulesVersion();
  const batch = { tenant, observedUs, payload, total, accepted, count, defaults, requestId, rulesVersion, idempotency } as const;
  const appended = await append(deps, partition, { ...batch, format: 'ndjson' });
  metrics.logsIngested.add(count);
  return answerOf(request, appended, items, false);
}

/** For how long an implied key tells a repeat, at least; it may be twice as long. */
const impliedMs = 15 * 60_000;

/** The key of a request without one: that of the last quarter of an hour, where the same body came then. */
async function impliedKey({ queue, clock }: AcceptDeps, tenant: string, bodyHmac: Uint8Array): Promise<string> {
  const body = Buffer.from(bodyHmac).toString('base64url');
  const slot = Math.floor(clock.nowMs() / impliedMs);
  const former = `body/${slot - 1}/${body}`;
  return (await queue.find(tenant, former)) ? former : `body/${slot}/${body}`;
}

/** Turns a body into masked NDJSON and looks through it. */
function check(
  { maskSettings, metrics, series: budget }: AcceptDeps,
  { tenant, contentType, translate, defaults }: AcceptRequest,
  decoded: Uint8Array,
  limits: AcceptLimits,
  observedUs: number,
): { payload: Uint8Array; checked: CheckedBody } {
  if (translate) {
    const context = {
      tenant,
      contentType,
      limits,
      observedUs,
      defaults,
      admits: (series: string) => budget?.admits(tenant, series) ?? true,
    };
    const { lines, faults } = translate(decoded, context);
    const { masked, counts } = mask(lines, maskSettings(tenant), 'ndjson');
    for (const what in counts) metrics.secretsMasked.add(counts[what], what);
    return { payload: masked, checked: withFaults(checkLines(masked, limits), faults) };
  }
  const bytes = checkUtf8(decoded);
  const kind = bodyKind(contentType, bytes);
  const text = kind === 'csv' ? csvToNdjson(bytes, limits) : kind === 'text' ? textToNdjson(bytes, limits) : bytes;
  const { masked, counts } = mask(text, maskSettings(tenant), kind === 'json' ? 'json' : 'ndjson');
  for (const what in counts) metrics.secretsMasked.add(counts[what], what);
  return { payload: masked, checked: kind === 'json' ? checkJson(masked, limits) : checkLines(masked, limits) };
}

async function append({ queue, metrics }: AcceptDeps, partition: number, batch: RawBatch): Promise<Appended> {
  try {
    return await queue.append(partition, batch);
  } catch (cause) {
    const error =
      cause instanceof AppError
        ? cause
        : new AppError('QUEUE_UNAVAILABLE', 'the queue did not take the records; send them again', { cause, retryAfterS: 1 });
    // That another process has the key is no failure of the queue.
    if (!error.code.startsWith('IDEMPOTENCY_')) metrics.publishFailures.add(1, error.code);
    throw error;
  }
}

function answerOf(
  { signal = 'logs', tenant }: AcceptRequest,
  { generation, partition, runs, count }: Appended,
  items: RejectedItem[],
  replayed: boolean,
): AcceptAnswer {
  return {
    status: items.length === 0 ? 202 : 207,
    receipt: signal === 'logs' ? { tenant, generation, partition, runs } : { signal, tenant, generation, partition, runs },
    accepted: count,
    rejected: items.length,
    items,
    replayed,
  };
}

/** The first answer again. Which records were rejected is known; why, as the same body is judged now. */
function replay(request: AcceptRequest, known: KnownRequest, items: RejectedItem[]): AcceptAnswer {
  const why = new Map(items.map((item) => [item.index, item]));
  const rejected: RejectedItem[] = [];
  for (let index = 0; known.accepted && index < known.total; index++) {
    if ((known.accepted[index >> 3]! & (1 << (index & 7))) !== 0) continue;
    const detail = `records[${index}]: was not accepted when this Idempotency-Key was first used`;
    rejected.push(why.get(index) ?? { index, status: 400, code: 'INVALID_RECORD', detail, retryable: false });
  }
  return answerOf(request, known, rejected, true);
}

function refusal(items: RejectedItem[]): AppError {
  const { code, detail } = items[0]!;
  const more = items.length === 1 ? '' : ` (and ${items.length - 1} more of ${items.length} records)`;
  const isOne = items.every((item) => item.code === code);
  const errors = items.slice(0, maxListed).flatMap((item) => item.errors ?? []);
  return new AppError(isOne ? (code as ErrorCode) : 'INVALID_RECORD', detail + more, { errors });
}
