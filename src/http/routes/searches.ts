import * as z from 'zod';
import { parseQuery } from '../../query/ast/query-json.ts';
import { parseLine } from '../../query/parse/line.ts';
import { documentRoutes } from '../document-routes.ts';

/** A search as somebody keeps it. */
const content = z.strictObject({
  name: z.string().min(1).max(200),
  description: z.string().max(2_000).optional(),
  query: z
    .union([z.string().max(4_000), z.record(z.string(), z.unknown())])
    .meta({ description: 'The line of the search bar, or a query as JSON, as `POST /api/query` takes them' }),
  tags: z.array(z.string().min(1).max(50)).max(20).optional(),
});

/** Saved searches. What is no query is refused when it is saved, with the place of the fault. */
export const searchRoutes = documentRoutes({
  kind: 'searches',
  what: 'saved search',
  name: 'SavedSearch',
  names: 'SavedSearches',
  content,
  check: ({ query }) => void (typeof query === 'string' ? parseLine(query) : parseQuery(query)),
});
