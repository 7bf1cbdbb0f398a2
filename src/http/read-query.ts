import { AppError } from '../core/errors.ts';
import type { Query } from '../query/ast/query.ts';
import { parseQuery } from '../query/ast/query-json.ts';
import { parseFilter } from '../query/parse/text.ts';

import type { TimeRange } from '../query/plan.ts';
import type { HttpOptions } from './options.ts';
import { maxBytesOf, mediaTypeOf, parseJson, readText } from './read-body.ts';
import { rangeOfSpan } from './schemas/common.ts';

/**
 * Reads the query in a request's body: JSON, or the line of the search bar as `text/plain`.
 * @throws AppError INVALID_QUERY, INVALID_BODY, MEDIA_TYPE, BODY_TOO_LARGE
 */
export async function readQueryBody(request: Request, options: HttpOptions): Promise<Query> {
  const type = mediaTypeOf(request.headers.get('content-type')) ?? 'application/json';
  const isJson = type === 'application/json' || type.endsWith('+json');
  if (!isJson && type !== 'text/plain') {
    throw new AppError('MEDIA_TYPE', `a query is application/json or text/plain, not ${type.slice(0, 100)}`);
  }
  const content = await readText(request, maxBytesOf(options));
  return isJson ? parseQuery(parseJson(content)) : parseQueryLine(content);
}

/** The time of a query as it is now; everything where it names none, as in `GET /api/logs`. */
export const timeOf = ({ time }: Query, { clock }: HttpOptions): TimeRange => rangeOfSpan(time, clock.nowMs() * 1000);

/** A line is a filter, and means the newest records that it lets pass. */
const parseQueryLine = (line: string): Query => ({
  from: 'logs',
  ...parseFilter(line),
  select: undefined,
  groupBy: [],
  aggregates: [],
  orderBy: [],
  limit: undefined,
  cursor: undefined,
});
