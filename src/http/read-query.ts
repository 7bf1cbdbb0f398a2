import { AppError } from '../core/errors.ts';
import { signals } from '../core/signal.ts';
import type { Platform } from '../pipeline/platform.ts';
import type { StoreApi } from '../pipeline/store-api.ts';
import type { Query } from '../query/ast/query.ts';
import { parseLine } from '../query/parse/line.ts';
import { readEdnQuery, readJsonQuery } from '../query/parse/read-json.ts';
import type { TimeRange } from '../query/plan.ts';
import type { HttpOptions } from './options.ts';
import { maxBytesOf, mediaTypeOf, parseJson, readText } from './read-body.ts';
import { rangeOfSpan } from './schemas/common.ts';

/**
 * Reads the query in a request's body: JSON, EDN as `application/edn`, or the line of the search bar as `text/plain`.
 * @throws AppError INVALID_QUERY, INVALID_BODY, MEDIA_TYPE, BODY_TOO_LARGE
 */
export async function readQueryBody(request: Request, options: HttpOptions): Promise<Query> {
  const type = mediaTypeOf(request.headers.get('content-type')) ?? 'application/json';
  const isJson = type === 'application/json' || type.endsWith('+json');
  if (!isJson && type !== 'text/plain' && type !== 'application/edn') {
    throw new AppError('MEDIA_TYPE', `a query is application/json, application/edn or text/plain, not ${type.slice(0, 100)}`);
  }
  const content = await readText(request, maxBytesOf(options));
  if (type === 'text/plain') return parseLine(content);
  return isJson ? readJsonQuery(parseJson(content), content) : readEdnQuery(content);
}

/**
 * The store of what a query asks.
 * @throws AppError INVALID_QUERY where nothing of that kind is kept here
 */
export function storeOf({ from }: Query, platform: Platform): StoreApi {
  if (from === 'logs') return platform.store;
  const kept = signals.filter((signal) => {
    try {
      return platform.storeOf(signal) !== undefined;
    } catch {
      return false;
    }
  });
  const signal = kept.find((one) => one === from);
  if (signal) return platform.storeOf(signal);
  const path = 'from';
  const detail = `no ${from} can be queried here; ${kept.join(', ')} can`;
  throw new AppError('INVALID_QUERY', `${path}: ${detail}`, { errors: [{ path, code: 'INVALID_QUERY', detail }] });
}

/** The time of a query as it is now; everything where it names none, as in `GET /api/logs`. */
export const timeOf = ({ time }: Query, { clock }: HttpOptions): TimeRange => rangeOfSpan(time, clock.nowMs() * 1000);
