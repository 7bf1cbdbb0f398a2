import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { CachedWarmStore } from '../../adapters/warm/cached/cached-warm-store.ts';
import { AppError } from '../../core/errors.ts';
import { problemAnswer } from '../../http/answer.ts';
import { alertParts } from './alert-parts.ts';
import type { AlertEnvironment } from './alert-settings.ts';
import { requestOf, resultOf, resultOfAnswer } from './api-event.ts';
import { type FunctionRuntime, type Invocation, once } from './function-runtime.ts';
import { heldWarmQuery } from './held-warm-query.ts';
import { type LargeScanEnvironment, openLargeScans } from './open-large-scans.ts';
import { openStore, type StoreEnvironment } from './open-store.ts';
import { buildApp } from './serve-api.ts';
import { sizedWarmQuery } from './sized-warm-query.ts';

const megabyte = 2 ** 20;
const cacheBytes = 256 * megabyte;
const duckDbBytes = 768 * megabyte;
/** Of the function's /tmp: the rest is DuckDB's, for what it spills. */
const copiesBytes = 1_200 * megabyte;
/** By process: where functions are emulated, they share one /tmp. */
const folder = join(tmpdir(), `logdrive-${process.pid}`);
const folders = { root: `${folder}/files`, temporary: `${folder}/queries` };
const answerMs = 1_000;
/** Lambda hands on 6 MB at most. */
const maxAnswerBytes = 5_900_000;

/** Builds the API's reading half as API Gateway asks it. Nothing before the first request. */
export function buildQueryApi(
  runtime: FunctionRuntime<StoreEnvironment & LargeScanEnvironment & AlertEnvironment>,
): (event: APIGatewayProxyEvent, invocation: Invocation) => Promise<APIGatewayProxyResult> {
  const { clock } = runtime;
  let deadlineMs = Number.POSITIVE_INFINITY;
  const parts = once(async () => {
    const store = await openStore(runtime, {
      cacheBytes,
      async local(files) {
        const warm = await CachedWarmStore.open({ store: files, folder: folders.root, maxBytes: copiesBytes });
        const near = heldWarmQuery(warm, folders, duckDbBytes);
        const scans = openLargeScans(runtime.env);
        return scans ? { warm, warmQuery: sizedWarmQuery(near, scans), largeScanBytes: scans.aboveBytes } : { warm, warmQuery: near };
      },
    });
    const inTime = (timeoutMs: number) => Math.max(0, Math.min(timeoutMs, deadlineMs - answerMs - clock.monotonicMs()));
    return buildApp(runtime, store, { inTime, parts: alertParts(runtime, store) });
  });
  return async (event, invocation) => {
    const { requestId } = event.requestContext;
    try {
      deadlineMs = invocation.deadlineMs;
      const { app } = await parts();
      const result = await resultOf(await app.fetch(requestOf(event)));
      return Buffer.byteLength(result.body) <= maxAnswerBytes ? result : tooLarge(requestId);
    } catch (error) {
      invocation.log.error({ error }, 'the API could not start');
      return resultOfAnswer(problemAnswer(error, requestId), { 'x-request-id': requestId });
    }
  };
}

/** The last one of its kind to be told: the client asks for fewer rows at once. */
const tooLarge = (requestId: string): APIGatewayProxyResult =>
  resultOfAnswer(
    problemAnswer(
      new AppError('BODY_TOO_LARGE', 'the answer is larger than 6 MB; ask for fewer rows with `limit`, and for the rest with `cursor`'),
      requestId,
    ),
    { 'x-request-id': requestId },
  );
