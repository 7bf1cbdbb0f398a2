import type { MessageInitShape } from '@bufbuild/protobuf';
import { type IngestLogsRequest, type IngestLogsResponseSchema, Wait } from '../../../gen/logdrive/v1/ingest_pb.ts';
import { AppError } from '../../core/errors.ts';
import type { SinkState } from '../../pipeline/store-api.ts';
import { type IngestQuery, ingest } from '../ingest.ts';
import type { Call } from './call.ts';
import { jsonOfMessage } from './record-message.ts';

const maxWaitUs = 60e6;
const encoder = new TextEncoder();
const waits: Record<Wait, 'hot' | 'warm' | undefined> = { [Wait.UNSPECIFIED]: undefined, [Wait.HOT]: 'hot', [Wait.WARM]: 'warm' };

/** What `POST /logs` answers. */
type Taken = {
  receipt: string | null;
  accepted: number;
  rejected: number;
  items?: { index: number; code: string; detail: string; retryable: boolean }[];
  waited?: boolean;
  hot?: SinkState;
  warm?: SinkState;
  dead?: { position: number; code: string }[];
};

/** Takes the records of one call in, by the same way as `POST /logs`: the same limits, masks, receipts and idempotency keys. */
export async function ingestLogs(
  { platform, options, exchange, caller, gone }: Call,
  request: IngestLogsRequest,
): Promise<MessageInitShape<typeof IngestLogsResponseSchema>> {
  const body = encoder.encode(request.records.map((record) => `${jsonOfMessage(record)}\n`).join(''));
  const taken = await ingest(platform, options, {
    exchange: { ...exchange, header: (name) => headerOfBody(name) ?? (name.startsWith('content-') ? undefined : exchange.header(name)) },
    caller,
    query: queryOf(request),
    body,
    gone,
  });
  if (taken.kind !== 'json') throw new TypeError('ingest answers with JSON');
  const { receipt, accepted, rejected, items = [], waited, hot, warm, dead = [] } = taken.body as Taken;
  return {
    receipt: receipt ?? '',
    accepted: BigInt(accepted),
    rejected: BigInt(rejected),
    items: items.map(({ index, code, detail, retryable }) => ({ index, code, detail, retryable })),
    replayed: taken.headers?.['idempotency-replayed'] === 'true',
    ...(waited === undefined ? {} : { waited }),
    ...(hot ? { hot: sinkOf(hot) } : {}),
    ...(warm ? { warm: sinkOf(warm) } : {}),
    dead: dead.map(({ position, code }) => ({ position: BigInt(position), code })),
  };
}

/** Of the body as accept sees it, not of the message that brought it. */
const headerOfBody = (name: string): string | undefined => (name === 'content-type' ? 'application/x-ndjson' : undefined);

function queryOf({ service, env, host, wait, waitTimeout }: IngestLogsRequest): IngestQuery {
  const sink = waits[wait];
  const timeout = waitTimeout && Number(waitTimeout.seconds) * 1e6 + waitTimeout.nanos / 1e3;
  if (timeout !== undefined && !(timeout >= 0 && timeout <= maxWaitUs))
    throw new AppError('INVALID_PARAMETER', 'wait_timeout: expected at most 60s');
  return { ...{ service: service || undefined, env: env || undefined, host: host || undefined }, wait: sink, timeout };
}

const sinkOf = ({ done, in_flight, dead, dropped }: SinkState) => ({
  done: BigInt(done),
  inFlight: BigInt(in_flight),
  dead: BigInt(dead),
  dropped: BigInt(dropped),
});
