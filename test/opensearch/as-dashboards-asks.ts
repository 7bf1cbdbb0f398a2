import type { SavedObject } from '../../src/adapters/hot/opensearch/dashboards/saved-objects.ts';

/** An aggregation as it stands in `visState`. */
export type VisAgg = { id: string; type: string; schema: string; params: Record<string, unknown> };
type Body = { [name: string]: unknown };

const sourceOf = ({ attributes }: SavedObject): { query: { language: string; query: string } } =>
  JSON.parse((attributes.kibanaSavedObjectMeta as { searchSourceJSON: string }).searchSourceJSON);

export const aggsOf = ({ attributes }: SavedObject): VisAgg[] => (JSON.parse(attributes.visState as string) as { aggs: VisAgg[] }).aggs;

/** A query in Lucene's syntax as Dashboards sends it. */
const lucene = (query: string): Body =>
  query === '' ? { match_all: {} } : { query_string: { query, analyze_wildcard: true, time_zone: 'UTC' } };

const queryOf = (object: SavedObject, from: string, to: string): Body => {
  const { language, query } = sourceOf(object).query;
  if (language !== 'lucene') throw new Error(`${object.id} asks in ${language}`);
  return { bool: { filter: [lucene(query), { range: { timestamp: { gte: from, lte: to, format: 'strict_date_optional_time' } } }] } };
};

/** The request that Dashboards makes of a visualisation over a range of time, by 5 minutes: AggConfigs.toDsl of its `data` plugin. */
export function panelRequest(object: SavedObject, from: string, to: string): Body {
  const aggs = aggsOf(object);
  const metrics = aggs.filter(({ schema }) => schema === 'metric');
  const inner = Object.fromEntries(
    metrics.filter(({ type }) => type !== 'count').map(({ id, type, params }) => [id, { [type]: metricParams(params) }]),
  );
  const buckets = aggs.filter(({ schema }) => schema !== 'metric');
  const nested = buckets.toReversed().reduce<Body>((aggs, { id, type, params }) => {
    return { [id]: { ...bucketOf(type, params), ...(Object.keys(aggs).length > 0 ? { aggs } : {}) } };
  }, inner);
  return { size: 0, track_total_hits: true, query: queryOf(object, from, to), aggs: nested };
}

/** The request of a saved search. */
export const searchRequest = (object: SavedObject, from: string, to: string): Body => ({
  size: 500,
  query: queryOf(object, from, to),
  sort: (object.attributes.sort as [string, string][]).map(([field, order]) => ({ [field]: { order, unmapped_type: 'boolean' } })),
  docvalue_fields: [{ field: 'timestamp', format: 'date_time' }],
});

function metricParams({ customLabel: _label, ...params }: Record<string, unknown>): Body {
  return params.percents ? { ...params, keyed: false } : params;
}

function bucketOf(type: string, params: Record<string, unknown>): Body {
  if (type === 'date_histogram')
    return { date_histogram: { field: params.field, fixed_interval: '5m', time_zone: 'UTC', min_doc_count: params.min_doc_count } };
  if (type === 'terms') {
    const order = params.orderBy === '1' ? '_count' : String(params.orderBy);
    return { terms: { field: params.field, size: params.size, order: { [order]: params.order } } };
  }
  const filters = params.filters as { label: string; input: { query: string } }[];
  return { filters: { filters: Object.fromEntries(filters.map(({ label, input }) => [label, lucene(input.query)])) } };
}
