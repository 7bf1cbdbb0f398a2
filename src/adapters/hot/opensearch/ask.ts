import { AppError } from '../../../core/errors.ts';
import type { Dsl } from '../../../query/compile/opensearch/dsl.ts';
import { type OpenSearchClient, Refused } from './client.ts';
import type { Source } from './document.ts';

export type SearchAnswer = {
  hits: { total?: { value: number }; hits: { _id: string; _source: Source }[] };
  aggregations?: Record<string, unknown>;
  _shards: { total: number; skipped: number };
};

/** The node cancels a search by itself after so long at the latest, also where the connection that asked for it is gone unnoticed. */
const maxCancelMs = 120_000;

/**
 * Asks the indices of a list, of which some may not be there; an answer is whole or none.
 * @throws AppError STORE_UNAVAILABLE
 * @throws Refused for a query that the node does not take
 */
export async function ask(
  client: OpenSearchClient,
  indices: readonly string[],
  body: Dsl,
  { leftMs, signal }: { leftMs: number; signal?: AbortSignal | undefined } = { leftMs: maxCancelMs },
): Promise<SearchAnswer> {
  // The names stand in the body: a path holds 4 KB, and nothing in it may be taken for a pattern.
  const header = JSON.stringify({ index: indices, ignore_unavailable: true, allow_partial_search_results: false });
  const request = Buffer.from(`${header}\n${JSON.stringify(body)}\n`);
  const { responses } = await client.json<{ responses: [SearchAnswer & { status: number; error?: unknown }] }>(
    'POST',
    `/_msearch?cancel_after_time_interval=${Math.min(maxCancelMs, Math.ceil(leftMs) + 1)}ms`,
    request,
    { signal },
  );
  const [answer] = responses;
  if (answer.error) throw failureOf(answer.status, answer.error);
  return answer;
}

function failureOf(status: number, error: unknown): Error {
  const refused = new Refused(status, Buffer.from(JSON.stringify({ error })));
  const isLater = (status === 429 || status >= 500) && !isTooComplex(refused);
  return isLater
    ? new AppError('STORE_UNAVAILABLE', `the hot store could not search: ${refused.message}`, { retryAfterS: 1, cause: refused })
    : refused;
}

/** Whether a node refused a query for a pattern that it would take too long to prepare. */
export const isTooComplex = (error: unknown): boolean =>
  error instanceof Refused && /too.complex|determiniz|length of regex|too many clauses|too_many_clauses/i.test(error.message);
