import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { version } from '../../core/version.ts';
import { problemAnswer } from '../../http/answer.ts';
import type { HttpOptions } from '../../http/options.ts';
import { receiptTokens } from '../../pipeline/accept/receipt-token.ts';
import { createKeys } from '../../pipeline/keys.ts';
import { secretOf } from '../embedded/secrets.ts';
import { type AcceptEnvironment, buildAccepting } from './accepting.ts';
import { resultOfAnswer } from './api-event.ts';
import { type FunctionRuntime, type Invocation, once } from './function-runtime.ts';
import { createReceiptStatus } from './receipt-status.ts';
import { type IngestPlatform, serveIngest } from './serve-ingest.ts';

/** What is left of an invocation after a wait, for the answer. */
const answerMs = 1_000;

export type ServeIngest = (event: APIGatewayProxyEvent, invocation: Invocation) => Promise<APIGatewayProxyResult>;

/** Builds `POST /logs`: keys checked here and remembered for a minute, records to Kafka, `?wait=` by polling the heads. Nothing before the first request. */
export function buildIngest(runtime: FunctionRuntime<AcceptEnvironment>): ServeIngest {
  const { env, clock, log, metrics } = runtime;
  const parts = once(async () => {
    const { state, accept, limiter } = await buildAccepting(runtime);
    const keys = createKeys({ state, clock });
    const [receiptKey, cursorKey] = await Promise.all([secretOf(state, 'receipts'), secretOf(state, 'cursors')]);
    const options: HttpOptions = {
      ...{ log, metrics, clock, version, cursorKey },
      receipts: receiptTokens(receiptKey),
      rate: (tenant, keyId) => limiter.status(tenant, keyId),
    };
    return { accept, keys, options, receipts: createReceiptStatus({ state, table: env.LOGDRIVE_TABLE, clock }) };
  });

  return async (event, { log: ofInvocation, deadlineMs }) => {
    try {
      const { accept, keys, options, receipts } = await parts();
      const inTime = (timeoutMs: number) => Math.max(0, Math.min(timeoutMs, deadlineMs - answerMs - clock.monotonicMs()));
      const platform: IngestPlatform = {
        open: async () => false,
        accept,
        keys,
        storeOf: () => ({ waitFor: (receipt, sink, timeoutMs) => receipts.waitFor(receipt, sink, inTime(timeoutMs)) }),
      };
      return await serveIngest(platform, { ...options, log: ofInvocation }, event);
    } catch (error) {
      // What cannot be built (the table does not answer) is tried again with the next request.
      ofInvocation.error({ error }, 'ingest could not start');
      return resultOfAnswer(problemAnswer(error, event.requestContext.requestId), { 'x-request-id': event.requestContext.requestId });
    }
  };
}
