import { aggregate, canAggregate } from '../../../columnar/aggregate.ts';
import { search } from '../../../columnar/search.ts';
import { Table } from '../../../columnar/table.ts';
import { idOf } from '../../../core/ids.ts';
import type { StoredRecord } from '../../../core/record.ts';
import { aggregateRecords } from '../../../query/compile/scan/aggregate.ts';
import type { AggregatePlan, Groups, SearchPlan, SearchResult } from '../../../query/plan.ts';
import type { HotStore, WriteResult } from '../../../query/ports/hot-store.ts';

/** The HotStore in tables of this process: what it holds goes with it. For tests, and as the measure of stores elsewhere. */
export class MemoryHotStore implements HotStore {
  readonly #tables: Table[] = [new Table()];
  /** The position under which each id is stored. */
  readonly #positions = new Map<string, string>();

  async write(records: StoredRecord[]): Promise<WriteResult[]> {
    return records.map((record) => {
      const { generation, partition, offset, tenant, id } = record;
      const position = { generation, partition, offset };
      const stored = this.#positions.get(`${tenant}/${id}`);
      if (stored !== undefined) return { position, result: stored === idOf(position) ? 'retry' : 'duplicate' };
      if (!this.#tables.at(-1)!.add(tenant, position, record)) {
        this.#tables.push(new Table());
        this.#tables.at(-1)!.add(tenant, position, record);
      }
      this.#positions.set(`${tenant}/${id}`, idOf(position));
      return { position, result: 'stored' };
    });
  }

  search(plan: SearchPlan): Promise<SearchResult> {
    return search(this.#sources(), plan);
  }

  async aggregate(plan: AggregatePlan): Promise<Groups> {
    if (canAggregate(plan)) return aggregate(this.#sources(), plan);
    // Tables have no column of ids: record by record, then.
    const { tenant, time, where, snapshot, positions } = plan;
    const limits = { ...(snapshot ? { snapshot } : {}), ...(positions ? { positions } : {}) };
    const { records, stats } = await this.search({ tenant, time, where, order: 'asc', limit: this.#positions.size, ...limits });
    const rows = aggregateRecords(records, { ...plan, limit: Number.MAX_SAFE_INTEGER });
    return { rows: rows.slice(0, plan.limit), truncated: rows.length > plan.limit, stats };
  }

  async close(): Promise<void> {
    this.#tables.length = 0;
  }

  #sources() {
    return this.#tables.map((source) => ({ source }));
  }
}
