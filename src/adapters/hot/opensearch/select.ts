import type { StoredRecord } from '../../../core/record.ts';
import type { QueryRun } from '../../../query/budget.ts';
import type { Dsl } from '../../../query/compile/opensearch/dsl.ts';
import { pageBody, placeOf, type Selection } from '../../../query/compile/opensearch/query.ts';
import { matcherOf } from '../../../query/compile/scan/matcher.ts';
import { isVisible } from '../../../query/compile/scan/visible.ts';
import type { ReadStats, SortKey } from '../../../query/plan.ts';
import { ask, type SearchAnswer } from './ask.ts';
import type { OpenSearchClient } from './client.ts';
import { recordOf } from './document.ts';
import type { Indices } from './indices.ts';

const firstPage = 1_000;
const largestPage = 5_000;
/** What a page should be read in: large messages make small pages. */
const pageBytes = 16 * 2 ** 20;

/** Asks the indices of a tenant, and counts what was read. One lives as long as one query. */
export class Reading {
  readonly stats: ReadStats = { files: 0, filesPruned: 0, pages: 0, pagesPruned: 0, bytes: 0, rows: 0 };
  readonly #client: OpenSearchClient;
  readonly #indices: readonly string[];

  readonly #query: QueryRun;

  private constructor(client: OpenSearchClient, indices: readonly string[], query: QueryRun) {
    this.#query = query;
    this.#client = client;
    this.#indices = indices;
  }

  static async open(client: OpenSearchClient, indices: Indices, tenant: string, query: QueryRun): Promise<Reading> {
    return new Reading(client, await indices.of(tenant), query);
  }

  /** @throws AppError STORE_UNAVAILABLE, Refused, QUERY_TIMEOUT, QUERY_CANCELLED */
  async ask(body: Dsl): Promise<SearchAnswer> {
    this.#query.check(this.stats);
    const answer = await ask(this.#client, this.#indices, body, this.#query);
    this.stats.pages++;
    this.stats.files = Math.max(this.stats.files, answer._shards.total);
    this.stats.filesPruned = Math.max(this.stats.filesPruned, answer._shards.skipped);
    this.stats.rows += answer.hits.hits.length;
    return answer;
  }

  /** The records of a query in order that satisfy a selection, each looked at. */
  async *records(query: Dsl, selection: Selection, order: 'desc' | 'asc', wanted: number, after?: SortKey): AsyncGenerator<StoredRecord> {
    if (wanted === 0) return;
    const matches = matcherOf(selection.where);
    const { fromUs, toUs } = selection.time;
    let place = after && placeOf(after);
    let size = Math.min(wanted, firstPage);
    for (;;) {
      const before = this.stats.bytes;
      const { hits } = (await this.ask(pageBody(query, order, size, place))).hits;
      for (const { _source } of hits) {
        const record = recordOf(_source);
        this.stats.bytes += (record.message?.length ?? 0) + rowBytes;
        const isMeant = record.tenant === selection.tenant && record.timestamp >= fromUs && record.timestamp < toUs;
        if (isMeant && isVisible(record, selection.snapshot, selection.positions) && matches(record)) yield record;
        place = placeOf(record);
      }
      if (hits.length < size) return;
      const perRow = (this.stats.bytes - before) / hits.length;
      size = Math.max(10, Math.min(size * 2, largestPage, Math.floor(pageBytes / perRow)));
    }
  }
}

/** A row beside its message, about. */
const rowBytes = 300;
