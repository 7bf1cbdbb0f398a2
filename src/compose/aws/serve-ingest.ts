import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { AppError } from '../../core/errors.ts';
import type { Signal } from '../../core/signal.ts';
import { type Answer, jsonMediaType } from '../../http/answer.ts';
import { authenticate } from '../../http/authenticate.ts';
import { answerFailure, begin, type Exchange, exchangeHeaders, finish } from '../../http/exchange.ts';
import { ingest } from '../../http/ingest.ts';
import { negotiate } from '../../http/negotiate.ts';
import type { HttpOptions } from '../../http/options.ts';
import { readQuery } from '../../http/parameters.ts';
import { ingestQuery } from '../../http/schemas/ingest.ts';
import type { Platform } from '../../pipeline/platform.ts';
import { bodyOf, headersOf, resultOfAnswer, urlOf } from './api-event.ts';

const jsonOnly = [jsonMediaType];

/** What taking records in needs of a platform. */
export type IngestPlatform = Pick<Platform, 'open' | 'accept' | 'keys'> & {
  storeOf(signal: Signal): Pick<Platform['store'], 'waitFor'>;
};

/**
 * Answers `POST /logs` as API Gateway asks it, without the app and its router: a cold start is then shorter. A test holds it equal to the
 * embedded host's listener. Never throws.
 */
export async function serveIngest(
  platform: IngestPlatform,
  options: HttpOptions,
  event: APIGatewayProxyEvent,
): Promise<APIGatewayProxyResult> {
  const exchange = begin(options, event.httpMethod, '/logs', headersOf(event));
  let answer: Answer;
  try {
    answer = await takeIn(platform as Platform, options, event, exchange);
  } catch (thrown) {
    answer = answerFailure(options, exchange, thrown);
  }
  finish(options, exchange, answer.status);
  return resultOfAnswer(answer, exchangeHeaders(options, exchange));
}

async function takeIn(platform: Platform, options: HttpOptions, event: APIGatewayProxyEvent, exchange: Exchange): Promise<Answer> {
  if (event.httpMethod !== 'POST') throw new AppError('METHOD_NOT_ALLOWED', `this path takes POST, not ${event.httpMethod.slice(0, 20)}`);
  const caller = await authenticate(platform, exchange.header, 'ingest');
  exchange.tenant = caller.tenant;
  exchange.keyId = caller.keyId;
  const query = readQuery(ingestQuery, urlOf(event));
  negotiate(exchange.header('accept'), jsonOnly);
  exchange.waits = query.wait !== undefined;
  return ingest(platform, options, { exchange, caller, query, body: bodyOf(event), gone: undefined });
}
