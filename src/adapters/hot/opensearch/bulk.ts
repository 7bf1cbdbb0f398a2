import { AppError } from '../../../core/errors.ts';
import type { StoredRecord } from '../../../core/record.ts';
import { type OpenSearchClient, Refused } from './client.ts';
import { documentOf, type IsColumn } from './document.ts';
import type { Retries } from './retries.ts';

/** A record on its way into an index, and what became of it. */
export type Item = { record: StoredRecord; index: string; line: string; outcome?: Outcome | undefined; isRespelt?: boolean };
export type Outcome = { kind: 'stored' } | { kind: 'conflict' } | { kind: 'dead'; code: string; detail: string };

type ItemAnswer = { create: { status: number; error?: { type: string; reason: string; caused_by?: { reason?: string } } } };
type BulkAnswer = { errors: boolean; items: ItemAnswer[] };

/** Only what is looked at: the answer to a thousand stored records is 25 KB instead of 200. */
const filter =
  'filter_path=errors,items.create.status,items.create.error.type,items.create.error.reason,items.create.error.caused_by.reason';

export const itemOf = (record: StoredRecord, index: string, isColumn?: IsColumn): Item => ({
  record,
  index,
  line: `{"create":{"_index":"${index}","_id":"${record.id}"}}\n${documentOf(record, isColumn)}\n`,
});

export type BulkDeps = {
  client: OpenSearchClient;
  retries: Retries;
  waitsForRefresh: boolean;
  /** Spells a record again whose attributes found no column; undefined where that changes nothing. */
  respell(item: Item): Promise<Item | undefined>;
  /** The index of an item is not there. */
  missing(index: string): Promise<void>;
};

/**
 * Creates documents until each has its outcome: what may pass later is sent again alone.
 * @throws AppError STORE_UNAVAILABLE when the retries are used up; what was stored stays
 */
export async function createAll(deps: BulkDeps, items: Item[]): Promise<void> {
  const path = `/_bulk?${filter}${deps.waitsForRefresh ? '&refresh=wait_for' : ''}`;
  let open = items;
  for (const retry = deps.retries.start(); ; ) {
    const failure = await attempt(deps, path, open);
    open = open.filter(({ outcome }) => outcome === undefined);
    if (open.length === 0) return;
    if (failure instanceof Refused && failure.status === 413 && open.length > 1) {
      const half = open.length >> 1;
      await createAll(deps, open.slice(0, half));
      return await createAll(deps, open.slice(half));
    }
    if (failure instanceof Refused) {
      if (failure.status !== 413)
        throw new AppError('STORE_UNAVAILABLE', `the hot store refuses writes: ${failure.message}`, { cause: failure });
      open[0]!.outcome = { kind: 'dead', code: 'HOT_REFUSED', detail: failure.message };
      return;
    }
    await retry.wait(failure);
  }
}

const stored: Outcome = { kind: 'stored' };

/** Sends what is open once, and writes down what became of each. Gives why the rest is still open. */
async function attempt(deps: BulkDeps, path: string, open: Item[]): Promise<unknown> {
  let answer: BulkAnswer;
  try {
    answer = await deps.client.json<BulkAnswer>('POST', path, Buffer.from(open.map(({ line }) => line).join('')));
  } catch (error) {
    return error;
  }
  if (answer.items.length !== open.length)
    return new AppError('STORE_UNAVAILABLE', 'the hot store answered for other records than were sent');
  let failure: unknown;
  for (let i = 0; i < open.length; i++) {
    if (answer.items[i]!.create.status < 300) open[i]!.outcome = stored;
    else failure = (await settle(deps, open[i]!, answer.items[i]!)) ?? failure;
  }
  return failure;
}

async function settle(deps: BulkDeps, item: Item, { create: { status, error } }: ItemAnswer): Promise<unknown> {
  if (status === 409) item.outcome = { kind: 'conflict' };
  else {
    const detail = `${error?.type ?? 'error'}: ${[error?.reason, error?.caused_by?.reason].filter(Boolean).join(': ')}`;
    const later = new AppError('STORE_UNAVAILABLE', `the hot store answered ${status} for a record: ${detail}`, { retryAfterS: 1 });
    if (status === 429 || status >= 500) return later;
    if (status === 404) {
      await deps.missing(item.index);
      return later;
    }
    const respelt = item.isRespelt ? undefined : await deps.respell(item);
    if (respelt) {
      Object.assign(item, respelt, { isRespelt: true });
      return later;
    }
    item.outcome = { kind: 'dead', code: 'HOT_REFUSED', detail };
  }
  return undefined;
}
