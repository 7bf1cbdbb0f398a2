import type { StoreApi } from '../store-api.ts';

/** Lists the series of a tenant's metrics that were observed since a time. */
export const knownSeries =
  (store: Pick<StoreApi, 'aggregate'>) =>
  async (tenant: string, sinceUs: number, atMost: number): Promise<string[]> => {
    const { rows } = await store.aggregate({
      tenant,
      time: { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER },
      where: { kind: 'compare', op: '>=', field: 'observed_timestamp', value: sinceUs },
      groupBy: [{ kind: 'field', field: 'attributes.series', as: 'series' }],
      aggregates: [{ fn: 'count', as: 'n' }],
      orderBy: [],
      limit: atMost,
    });
    return rows.flatMap(({ series }) => (typeof series === 'string' ? [series] : []));
  };
