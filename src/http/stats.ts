import { formatTime } from '../core/time.ts';
import type { SinkCounts, StoreApi } from '../pipeline/store-api.ts';
import { everything } from '../query/ast/expression.ts';
import type { GroupRow, TimeRange } from '../query/plan.ts';

const maxServices = 1_000;

/** What a tenant has stored in a range: counts by level and service, the ledger's totals (of all time), sizes. */
export async function overview(store: StoreApi, tenant: string, range: TimeRange): Promise<Record<string, unknown>> {
  const grouped = (field: string) =>
    store.aggregate({
      tenant,
      time: range,
      where: everything,
      groupBy: [{ kind: 'field', field, as: field }],
      aggregates: [
        { fn: 'count', as: 'n' },
        { fn: 'min', field: 'timestamp', as: 'first' },
        { fn: 'max', field: 'timestamp', as: 'last' },
      ],
      orderBy: [['n', 'desc']],
      limit: maxServices,
    });
  const [levels, services, ledger, storage] = await Promise.all([
    grouped('level'),
    grouped('service'),
    store.ledger({ tenant }),
    store.storage(tenant),
  ]);
  const firsts = levels.rows.map(({ first }) => Number(first));
  const lasts = levels.rows.map(({ last }) => Number(last));
  return {
    total: levels.rows.reduce((sum, { n }) => sum + Number(n), 0),
    by_level: countsBy(levels.rows, 'level'),
    by_service: countsBy(services.rows, 'service'),
    first: firsts.length === 0 ? null : formatTime(Math.min(...firsts)),
    last: lasts.length === 0 ? null : formatTime(Math.max(...lasts)),
    stores: { hot: totals(ledger.hot), warm: totals(ledger.warm) },
    storage,
  };
}

const countsBy = (rows: GroupRow[], key: string): Record<string, number> =>
  Object.fromEntries(rows.map((row) => [String(row[key]), Number(row.n)]));

const totals = ({ done, in_flight, dead, dropped }: SinkCounts) => ({
  records: done,
  in_flight,
  dead,
  dropped: Object.values(dropped).reduce((sum, n) => sum + n, 0),
});
