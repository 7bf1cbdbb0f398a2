import type { KafkaEvent, KafkaEventRecord } from '../../adapters/queue/kafka/wire.ts';
import { AppError } from '../../core/errors.ts';
import { mediaTypeOf } from '../../http/read-body.ts';
import type { Accept } from '../../pipeline/accept/accept.ts';
import { createKeys } from '../../pipeline/keys.ts';
import type { Keys } from '../../pipeline/platform.ts';
import { type AcceptEnvironment, buildAccepting } from './accepting.ts';
import { type FunctionRuntime, type Invocation, once } from './function-runtime.ts';
import { inTopic } from './topics.ts';

/** What became of an event of `logs.in`; a message may hold many records. */
export type TakenIn = { messages: number; accepted: number; rejected: number; refused: number };

const atOnce = 8;

/**
 * Builds the door for services that produce straight to Kafka: each message of `logs.in` is a request, its value the body, its headers those of
 * `POST /logs` (`x-api-key` or `authorization`, `content-type`, `content-encoding`). Its place in the topic is its idempotency key, so that an
 * event that comes again adds nothing. What can never be accepted is refused: counted by code and logged, as an HTTP client would be told.
 */
export function buildTakeIn(runtime: FunctionRuntime<AcceptEnvironment>): (event: KafkaEvent, invocation: Invocation) => Promise<TakenIn> {
  const { env, clock, registry, metrics } = runtime;
  const refusals = registry.counter('logdrive_door_refused_total', 'Messages of logs.in that were refused whole, by code.', ['code']);
  const parts = once(async () => {
    const { accept, state } = await buildAccepting(runtime);
    return { accept, keys: createKeys({ state, clock }) };
  });

  return async (event, { log }) => {
    const { accept, keys } = await parts();
    const sum: TakenIn = { messages: 0, accepted: 0, rejected: 0, refused: 0 };
    const take = async (record: KafkaEventRecord) => {
      const { topic, partition, offset } = record;
      sum.messages++;
      try {
        const { accepted, rejected } = await takeOne(record, accept, keys);
        sum.accepted += accepted;
        sum.rejected += rejected;
      } catch (error) {
        if (!(error instanceof AppError) || error.retryable) throw error;
        sum.refused++;
        refusals.add(1, error.code);
        metrics.invalidRequests.add(1, error.code);
        log.warn({ topic, partition, offset, code: error.code, detail: error.detail }, 'message of logs.in refused');
      }
    };
    for (const records of Object.values(event.records)) {
      const foreign = records.find(({ topic }) => topic !== inTopic(env));
      if (foreign) throw new AppError('INVALID_CONFIG', `the event source reads ${foreign.topic}, not ${inTopic(env)}`);
      for (let at = 0; at < records.length; at += atOnce) await Promise.all(records.slice(at, at + atOnce).map(take));
    }
    return sum;
  };
}

async function takeOne({ topic, partition, offset, value, headers = [] }: KafkaEventRecord, accept: Accept, keys: Keys) {
  const named = new Map(
    headers.flatMap((each) => Object.entries(each).map(([name, bytes]) => [name.toLowerCase(), textOf(bytes)] as const)),
  );
  const secret = named.get('x-api-key') ?? /^Bearer +(\S+) *$/i.exec(named.get('authorization') ?? '')?.[1];
  if (!secret) throw new AppError('UNAUTHENTICATED', 'the message shows no API key; send it as header `x-api-key`');
  const caller = await keys.check(secret);
  if (!caller.scopes.includes('ingest')) throw new AppError('SCOPE_MISSING', `the key ${caller.keyId} may not send logs`);
  const place = `${topic}/${partition}/${offset}`;
  return accept({
    tenant: caller.tenant,
    keyId: caller.keyId,
    requestId: place,
    contentType: mediaTypeOf(named.get('content-type')),
    contentEncoding: named.get('content-encoding')?.trim().toLowerCase(),
    contentLength: undefined,
    body: Buffer.from(value ?? '', 'base64'),
    idempotencyKey: place,
    defaults: {},
  });
}

/** Lambda spells bytes above 127 as negative numbers. */
const textOf = (numbers: number[]): string => Buffer.from(Uint8Array.from(numbers)).toString();
