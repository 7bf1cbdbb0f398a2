import { aggregate, partial } from '../../../columnar/aggregate.ts';
import { search } from '../../../columnar/search.ts';
import { Table } from '../../../columnar/table.ts';
import { idOf } from '../../../core/ids.ts';
import type { StoredRecord } from '../../../core/record.ts';
import { dayOf } from '../../../core/warm/file.ts';
import type { QueryRun } from '../../../query/budget.ts';
import type { PartialGroups } from '../../../query/partial/partial.ts';
import type { AggregatePlan, Groups, SearchPlan, SearchResult } from '../../../query/plan.ts';
import type { HotDay, HotDays } from '../../../query/ports/hot-days.ts';
import type { HotStore, WriteResult } from '../../../query/ports/hot-store.ts';

/** The one cell of this store. */
const cell = 'memory';

/** What was observed on one day, and the position under which each id of it is stored. */
type Day = { tables: Table[]; positions: Map<string, string> };

/** The HotStore in tables of this process: what it holds goes with it. For tests, and as the measure of stores elsewhere. */
export class MemoryHotStore implements HotStore, HotDays {
  readonly #days = new Map<string, Day>();

  async write(records: StoredRecord[]): Promise<WriteResult[]> {
    return records.map((record) => {
      const { generation, partition, offset, tenant, id } = record;
      const position = { generation, partition, offset };
      const stored = this.#find(`${tenant}/${id}`);
      if (stored !== undefined) return { position, result: stored === idOf(position) ? 'retry' : 'duplicate' };
      const { tables, positions } = this.#dayOf(record);
      if (!tables.at(-1)!.add(tenant, position, record)) {
        tables.push(new Table());
        tables.at(-1)!.add(tenant, position, record);
      }
      positions.set(`${tenant}/${id}`, idOf(position));
      return { position, result: 'stored' };
    });
  }

  search(plan: SearchPlan, query?: QueryRun): Promise<SearchResult> {
    return search(this.#sources(), plan, query);
  }

  aggregate(plan: AggregatePlan, query?: QueryRun): Promise<Groups> {
    return aggregate(this.#sources(), plan, query);
  }

  partial(plan: AggregatePlan, query: QueryRun): Promise<PartialGroups> {
    return partial(this.#sources(), plan, query);
  }

  async days(): Promise<HotDay[]> {
    const days = [...this.#days].map(([day, { tables }]) => ({
      cell,
      day,
      records: tables.reduce((sum, { rows }) => sum + rows, 0),
      bytes: 0,
    }));
    return days.sort((a, b) => (a.day < b.day ? -1 : 1));
  }

  async dropDay(of: string, day: string): Promise<boolean> {
    return of === cell && this.#days.delete(day);
  }

  async close(): Promise<void> {
    this.#days.clear();
  }

  #find(id: string): string | undefined {
    for (const { positions } of this.#days.values()) {
      const stored = positions.get(id);
      if (stored !== undefined) return stored;
    }
    return undefined;
  }

  #dayOf({ observed_timestamp }: StoredRecord): Day {
    const name = dayOf(observed_timestamp);
    const day = this.#days.get(name) ?? { tables: [new Table()], positions: new Map<string, string>() };
    this.#days.set(name, day);
    return day;
  }

  #sources() {
    return [...this.#days.values()].flatMap(({ tables }) => tables.map((source) => ({ source })));
  }
}
