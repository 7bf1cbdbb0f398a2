import { AppError } from '../../core/errors.ts';
import type { Query } from '../ast/query.ts';
import { parseQuery } from '../ast/query-json.ts';
import { parseEdn } from './edn.ts';
import { jsonPlaces } from './json-places.ts';

/** Reads the text of a query in EDN. @throws AppError INVALID_QUERY with `at`, the offset in the text, and where it is in the query */
export function readEdnQuery(edn: string): Query {
  const places = new Map<string, number>();
  const value = parseEdn(edn, places);
  return placed(
    () => places,
    () => parseQuery(value),
  );
}

/** Reads a query that was parsed from JSON; `text` is where it stood. @throws AppError INVALID_QUERY as `readEdnQuery` */
export const readJsonQuery = (json: unknown, text: string): Query =>
  placed(
    () => jsonPlaces(text),
    () => parseQuery(json),
  );

function placed<T>(places: () => Map<string, number>, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    const path = thrown instanceof AppError && thrown.code === 'INVALID_QUERY' ? thrown.more.errors?.[0]?.path : undefined;
    if (!(thrown instanceof AppError) || path === undefined) throw thrown;
    throw new AppError(thrown.code, thrown.detail, { ...thrown.more, at: placeOf(places(), path) });
  }
}

/** Where a path is, or the nearest thing around it that is there. */
function placeOf(places: ReadonlyMap<string, number>, path: string): number {
  for (let around = path; around !== ''; around = around.replace(/(\[\d+\]|(^|\.)[^.[\]]*)$/, '')) {
    const at = places.get(around);
    if (at !== undefined) return at;
    if (!/(\[\d+\]|(^|\.)[^.[\]]*)$/.test(around)) break;
  }
  return places.get('') ?? 0;
}
