import { AppError } from '../core/errors.ts';
import type { Query } from '../query/ast/query.ts';
import { parseQuery } from '../query/ast/query-json.ts';
import { parseEdn } from '../query/parse/edn.ts';
import { parseLine } from '../query/parse/line.ts';

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
  return parseQuery(isJson ? parseJson(content) : parseEdn(content));
}

/** The time of a query as it is now; everything where it names none, as in `GET /api/logs`. */
export const timeOf = ({ time }: Query, { clock }: HttpOptions): TimeRange => rangeOfSpan(time, clock.nowMs() * 1000);
