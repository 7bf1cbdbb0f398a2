import type { APIGatewayProxyEvent, APIGatewayProxyResult, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import type { SqsDeadLetters } from '../../adapters/dead-letters/sqs/sqs-dead-letters.ts';
import { AppError } from '../../core/errors.ts';
import { tenantPattern } from '../../core/tenant.ts';
import { problemAnswer } from '../../http/answer.ts';
import { requestOf, resultOf, resultOfAnswer } from './api-event.ts';
import { type FunctionRuntime, type Invocation, once } from './function-runtime.ts';
import { openDeadLetters } from './open-dead-letters.ts';
import { openStore, type StoreEnvironment } from './open-store.ts';
import { buildApp } from './serve-api.ts';

/** A redrive as it is asked for by message: what `POST /api/dlq/redrive` takes, and whose letters. */
const order = z.strictObject({
  tenant: z.string().regex(tenantPattern),
  ids: z.array(z.string()).min(1).optional(),
  cause: z.string().optional(),
  ratePerS: z.number().positive().optional(),
});

const cacheBytes = 64 * 2 ** 20;

/** Builds redrives: by API Gateway, by messages, and the hourly comparison of letters with their queue. */
export function buildRedrive(runtime: FunctionRuntime<StoreEnvironment>) {
  const { env, clock, registry } = runtime;
  const redriven = registry.counter('logdrive_letters_redriven_total', 'Dead letters that passed when they were tried again.');
  const store = once(() => openStore(runtime, { cacheBytes }));
  const letters = once(async (): Promise<SqsDeadLetters> => openDeadLetters(env, clock));

  return {
    async http(event: APIGatewayProxyEvent, { log }: Invocation): Promise<APIGatewayProxyResult> {
      const { requestId } = event.requestContext;
      try {
        const { app } = await buildApp(runtime, await store(), { log });
        return await resultOf(await app.fetch(requestOf(event)));
      } catch (error) {
        log.error({ error }, 'redrive could not start');
        return resultOfAnswer(problemAnswer(error, requestId), { 'x-request-id': requestId });
      }
    },

    /** Orders that failed with what may pass come again; those that never will are logged and let go. */
    async messages({ Records }: SQSEvent, { log }: Invocation): Promise<SQSBatchResponse> {
      const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
      for (const { messageId, body } of Records) {
        try {
          const { tenant, ...request } = read(body);
          const result = await (await store()).api.redrive(
            tenant,
            request as Parameters<Awaited<ReturnType<typeof store>>['api']['redrive']>[1],
          );
          redriven.add(result.redriven);
          log.info({ tenant, ...result }, 'letters redriven');
        } catch (error) {
          log.error({ message_id: messageId, error }, 'redrive failed');
          if (!(error instanceof AppError) || error.retryable) batchItemFailures.push({ itemIdentifier: messageId });
        }
      }
      return { batchItemFailures };
    },

    async reconcile({ log }: Invocation) {
      const result = await (await letters()).reconcile();
      log.info({ ...result }, 'queue of dead letters compared with the table');
      return result;
    },
  };
}

function read(body: string): z.output<typeof order> {
  try {
    return order.parse(JSON.parse(body));
  } catch (cause) {
    throw new AppError('INVALID_BODY', `a redrive is {"tenant", "ids" or "cause", "ratePerS"}: ${(cause as Error).message.slice(0, 300)}`, {
      cause,
    });
  }
}
