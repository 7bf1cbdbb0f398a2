import type { APIGatewayProxyEvent } from 'aws-lambda';
import { problemAnswer } from '../../http/answer.ts';
import { requestOf, resultOfAnswer } from './api-event.ts';
import { type FunctionRuntime, type Invocation, once } from './function-runtime.ts';
import { openStore, type StoreEnvironment } from './open-store.ts';
import { buildApp } from './serve-api.ts';

/** Where a streamed answer goes: opened with its status and headers, then written to. `gone` when nobody reads it any more. */
export type ResponseSink = {
  open(status: number, headers: Record<string, string>): { write(chunk: Uint8Array): Promise<void>; end(): Promise<void> };
  gone: AbortSignal;
};

const cacheBytes = 64 * 2 ** 20;
/** Before Lambda ends the stream, the tail says so itself, and the client comes back with where it was. */
const farewellMs = 5_000;

/** Builds live tails as API Gateway streams them. Nothing before the first request. */
export function buildTail(
  runtime: FunctionRuntime<StoreEnvironment>,
): (event: APIGatewayProxyEvent, sink: ResponseSink, invocation: Invocation) => Promise<void> {
  const { clock } = runtime;
  const store = once(() => openStore(runtime, { cacheBytes }));
  return async (event, sink, { log, deadlineMs }) => {
    const stopping = new AbortController();
    const timer = setTimeout(() => stopping.abort(), Math.max(0, deadlineMs - farewellMs - clock.monotonicMs()));
    try {
      const { app } = await buildApp(runtime, await store(), { stopping: stopping.signal, log });
      await pass(await app.fetch(requestOf(event, sink.gone)), sink);
    } catch (error) {
      if (sink.gone.aborted) return;
      log.error({ error }, 'tail could not start');
      const { requestId } = event.requestContext;
      const { statusCode, headers, body } = resultOfAnswer(problemAnswer(error, requestId), { 'x-request-id': requestId });
      const stream = sink.open(statusCode, headers as Record<string, string>);
      await stream.write(Buffer.from(body));
      await stream.end();
    } finally {
      clearTimeout(timer);
    }
  };
}

async function pass(response: Response, sink: ResponseSink): Promise<void> {
  const stream = sink.open(response.status, Object.fromEntries(response.headers));
  const reader = response.body?.getReader();
  try {
    for (let next = await reader?.read(); next && !next.done && !sink.gone.aborted; next = await reader?.read())
      await stream.write(next.value);
  } finally {
    await reader?.cancel();
    await stream.end();
  }
}
