import { AppError } from '../core/errors.ts';
import type { StoredRecord } from '../core/record.ts';
import type { StoreApi } from '../pipeline/store-api.ts';
import type { SearchPlan, Snapshot } from '../query/plan.ts';
import { sortKeyOf } from './search-page.ts';

export type Walk = Pick<SearchPlan, 'tenant' | 'where' | 'time' | 'order'> & { snapshot: Snapshot; limit: number };

const firstRecords = 100;
const mostRecords = 10_000;
/** What a page should be, about: records may be a hundred bytes or a megabyte each. */
const pageBytes = 4 * 2 ** 20;

/**
 * Walks through all records that match, each once, whatever arrives meanwhile: page by page, with pages as large as the records before allow. The next page is
 * asked for while the last one is worked on.
 * @throws AppError STORE_UNAVAILABLE where a store cannot give its part: a walk is whole or fails
 */
export async function* walkRecords(store: Pick<StoreApi, 'search'>, { limit, ...plan }: Walk): AsyncGenerator<StoredRecord[]> {
  let left = limit;
  let size = Math.min(firstRecords, left);
  let page = pageOf(store, { ...plan, limit: size });
  for (;;) {
    const records = await page;
    left -= records.length;
    const last = records.at(-1);
    const isLast = last === undefined || records.length < size || left <= 0;
    if (!isLast) {
      size = Math.min(left, nextSize(records));
      page = pageOf(store, { ...plan, limit: size, after: sortKeyOf(last) });
      page.catch(() => {}); // told when it is awaited, unless nobody goes on
    }
    if (records.length > 0) yield records;
    if (isLast) return;
  }
}

async function pageOf(store: Pick<StoreApi, 'search'>, plan: SearchPlan): Promise<StoredRecord[]> {
  const { records, reasons = [] } = await store.search(plan);
  if (reasons.length > 0) throw new AppError('STORE_UNAVAILABLE', `not all records can be read: ${reasons.join('; ')}`, { retryAfterS: 5 });
  return records;
}

function nextSize(records: readonly StoredRecord[]): number {
  let bytes = 0;
  for (const record of records) bytes += sizeOf(record);
  const fitting = Math.floor((pageBytes * records.length) / bytes);
  return Math.max(1, Math.min(mostRecords, records.length * 4, fitting));
}

/** About the bytes of a record. */
function sizeOf({ message, attributes }: StoredRecord): number {
  let size = 200 + (message?.length ?? 0);
  for (const key in attributes) {
    const value = attributes[key];
    size += key.length + (typeof value === 'string' ? value.length : 8);
  }
  return size;
}
