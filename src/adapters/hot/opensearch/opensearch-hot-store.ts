import { AppError } from '../../../core/errors.ts';
import type { StoredRecord } from '../../../core/record.ts';
import { type QueryRun, unboundedRun } from '../../../query/budget.ts';
import { compileSelection } from '../../../query/compile/opensearch/query.ts';
import type { PartialGroups } from '../../../query/partial/partial.ts';
import type { AggregatePlan, Groups, SearchPlan, SearchResult } from '../../../query/plan.ts';
import type { HotDay, HotDays } from '../../../query/ports/hot-days.ts';
import type { HotStore, WriteResult } from '../../../query/ports/hot-store.ts';
import { aggregate, partial } from './aggregate.ts';
import { isTooComplex } from './ask.ts';
import { OpenSearchClient, Refused } from './client.ts';
import { Indices } from './indices.ts';
import { type OpenSearchOptions, type Settled, settled } from './options.ts';
import { Reading } from './select.ts';
import { Writer } from './write.ts';

/**
 * The HotStore on OpenSearch: an index for each cell of tenants and observed day. What the index cannot decide as `scan` does is read and looked at.
 */
export class OpenSearchHotStore implements HotStore, HotDays {
  readonly client: OpenSearchClient;
  readonly #options: Settled;
  readonly #indices: Indices;
  readonly #writer: Writer;

  constructor(options: OpenSearchOptions) {
    this.#options = settled(options);
    this.client = new OpenSearchClient(options);
    this.#indices = new Indices(this.client, this.#options, this.#options, this.#options.clock);
    this.#writer = new Writer(this.client, this.#indices, this.#options);
  }

  /** What the names of its indices begin with. */
  get prefix(): string {
    return this.#options.prefix;
  }

  /** How often something was tried again since the start. */
  get retries(): number {
    return this.#writer.retries.count;
  }

  async write(records: StoredRecord[]): Promise<WriteResult[]> {
    return records.length === 0 ? [] : await this.#writer.write(records);
  }

  search(plan: SearchPlan, query: QueryRun = unboundedRun()): Promise<SearchResult> {
    return this.#compiled(async (options) => {
      const reading = await Reading.open(this.client, this.#indices, plan.tenant, query);
      const { upper } = compileSelection(plan, options);
      const records: StoredRecord[] = [];
      if (plan.limit > 0) {
        for await (const record of reading.records(upper, plan, plan.order, plan.limit, plan.after)) {
          if (records.push(record) >= plan.limit) break;
        }
      }
      return { records, stats: reading.stats };
    });
  }

  aggregate(plan: AggregatePlan, query: QueryRun = unboundedRun()): Promise<Groups> {
    return this.#compiled(async (options) => {
      const reading = await Reading.open(this.client, this.#indices, plan.tenant, query);
      return await aggregate(reading, plan, this.#options, options, query);
    });
  }

  partial(plan: AggregatePlan, query: QueryRun): Promise<PartialGroups> {
    return this.#compiled(async (options) => {
      const reading = await Reading.open(this.client, this.#indices, plan.tenant, query);
      return await partial(reading, plan, this.#options, options, query);
    });
  }

  days(): Promise<HotDay[]> {
    return this.#indices.days();
  }

  dropDay(cell: string, day: string): Promise<boolean> {
    return this.#indices.dropDay(cell, day);
  }

  async close(): Promise<void> {
    this.client.close();
  }

  /** Asks with every pattern; where the node finds one too complex, again with none. */
  async #compiled<T>(ask: (options: { plain: boolean }) => Promise<T>): Promise<T> {
    try {
      return await ask({ plain: false });
    } catch (error) {
      if (!isTooComplex(error)) throw translated(error);
    }
    try {
      return await ask({ plain: true });
    } catch (error) {
      throw translated(error);
    }
  }
}

const translated = (error: unknown): unknown =>
  error instanceof Refused ? new AppError('STORE_UNAVAILABLE', `the hot store refuses a query: ${error.message}`, { cause: error }) : error;
