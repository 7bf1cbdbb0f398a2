import { type Board, boards, type Panel, type PanelAgg, panels, type SavedSearch, savedSearches } from './panels.ts';

type Reference = { name: string; type: string; id: string };
/** A saved object as OpenSearch Dashboards exports and imports it, a line each. */
export type SavedObject = {
  id: string;
  type: 'index-pattern' | 'search' | 'visualization' | 'dashboard';
  attributes: Record<string, unknown>;
  references: Reference[];
  migrationVersion: Record<string, string>;
};

const indexPatternId = 'logdrive-logs';
const sourceReference = 'kibanaSavedObjectMeta.searchSourceJSON.index';

/** All objects of a deployment, what is referred to before what refers. `prefix` is that of its indices. */
export function savedObjects(prefix = ''): SavedObject[] {
  const pattern: SavedObject = {
    id: indexPatternId,
    type: 'index-pattern',
    attributes: { title: `${prefix}logs.*`, timeFieldName: 'timestamp' },
    references: [],
    migrationVersion: { 'index-pattern': '7.6.0' },
  };
  return [pattern, ...savedSearches.map(searchObject), ...panels.map(panelObject), ...boards.map(boardObject)];
}

/** The same as the file to import. */
export const savedObjectsNdjson = (prefix = ''): string =>
  savedObjects(prefix)
    .map((object) => `${JSON.stringify(object)}\n`)
    .join('');

const onLogs: Reference[] = [{ name: sourceReference, type: 'index-pattern', id: indexPatternId }];

function sourceOf(query: string): { searchSourceJSON: string } {
  return { searchSourceJSON: JSON.stringify({ query: { language: 'lucene', query }, filter: [], indexRefName: sourceReference }) };
}

function searchObject({ id, title, description, query, columns }: SavedSearch): SavedObject {
  return {
    id,
    type: 'search',
    attributes: { title, description, columns, sort: [['timestamp', 'desc']], version: 1, kibanaSavedObjectMeta: sourceOf(query) },
    references: onLogs,
    migrationVersion: { search: '7.9.3' },
  };
}

function panelObject({ id, title, description, kind, query, metrics, buckets }: Panel): SavedObject {
  const aggs = [
    ...metrics.map((agg) => ({ agg, schema: 'metric' })),
    ...buckets.map((agg, b) => ({ agg, schema: kind === 'table' ? 'bucket' : b === 0 ? 'segment' : 'group' })),
  ].map(({ agg, schema }, a) => ({ id: String(a + 1), enabled: true, type: agg.type, schema, params: paramsOf(agg) }));
  const type = kind === 'share' ? 'area' : kind;
  const visState = { title, type, aggs, params: drawing(kind, metrics.length) };
  return {
    id,
    type: 'visualization',
    attributes: {
      title,
      description,
      version: 1,
      uiStateJSON: '{}',
      visState: JSON.stringify(visState),
      kibanaSavedObjectMeta: sourceOf(query),
    },
    references: onLogs,
    migrationVersion: { visualization: '7.10.0' },
  };
}

function paramsOf(agg: PanelAgg): Record<string, unknown> {
  switch (agg.type) {
    case 'count':
      return {};
    case 'max':
    case 'cardinality':
      return { field: agg.field, customLabel: agg.label };
    case 'percentiles':
      return { field: agg.field, percents: agg.percents };
    case 'date_histogram':
      return { field: agg.field, interval: 'auto', min_doc_count: 1, drop_partials: false, extended_bounds: {} };
    case 'terms':
      return { field: agg.field, size: agg.size, order: 'desc', orderBy: '1', otherBucket: false, missingBucket: false };
    case 'filters':
      return { filters: agg.filters.map(({ label, query }) => ({ label, input: { query, language: 'lucene' } })) };
  }
}

/** How a kind is drawn; the least that Dashboards asks for. */
function drawing(kind: Panel['kind'], metrics: number): Record<string, unknown> {
  if (kind === 'table') return { perPage: 20, showPartialRows: false, showMetricsAtAllLevels: false, showTotal: false, totalFunc: 'sum' };
  if (kind === 'metric')
    return { addTooltip: true, addLegend: false, type: 'metric', metric: { metricColorMode: 'None', style: { fontSize: 36 } } };
  const type = kind === 'share' ? 'area' : kind;
  return {
    type,
    grid: { categoryLines: false },
    addTooltip: true,
    addLegend: true,
    legendPosition: 'right',
    times: [],
    categoryAxes: [
      {
        id: 'CategoryAxis-1',
        type: 'category',
        position: 'bottom',
        show: true,
        scale: { type: 'linear' },
        labels: { show: true },
        title: {},
      },
    ],
    valueAxes: [
      {
        ...{ id: 'ValueAxis-1', name: 'LeftAxis-1', type: 'value', position: 'left', show: true },
        scale: { type: 'linear', mode: kind === 'share' ? 'percentage' : 'normal' },
        ...{ labels: { show: true, rotate: 0, filter: false }, title: { text: '' } },
      },
    ],
    seriesParams: Array.from({ length: metrics }, (_, m) => ({
      ...{ show: true, type, mode: kind === 'line' ? 'normal' : 'stacked', valueAxis: 'ValueAxis-1' },
      ...{ data: { id: String(m + 1), label: '' }, drawLinesBetweenPoints: true, showCircles: false, interpolate: 'linear' },
    })),
  };
}

function boardObject({ id, title, description, panels: shown }: Board): SavedObject {
  let x = 0;
  let y = 0;
  const placed = shown.map(({ width, height }, p) => {
    if (x + width > columns) x = 0;
    const gridData = { x, y, w: width, h: height, i: String(p + 1) };
    x += width;
    if (x >= columns) y += height;
    return { version: '3.0.0', gridData, panelIndex: String(p + 1), embeddableConfig: {}, panelRefName: `panel_${p}` };
  });
  return {
    id,
    type: 'dashboard',
    attributes: {
      ...{ title, description, version: 1, hits: 0, timeRestore: true, timeFrom: 'now-24h', timeTo: 'now' },
      panelsJSON: JSON.stringify(placed),
      optionsJSON: JSON.stringify({ hidePanelTitles: false, useMargins: true }),
      kibanaSavedObjectMeta: { searchSourceJSON: JSON.stringify({ query: { language: 'lucene', query: '' }, filter: [] }) },
    },
    references: shown.map((panel, p) => ({ name: `panel_${p}`, type: panel.type, id: panel.id })),
    migrationVersion: { dashboard: '7.9.3' },
  };
}

/** Width of a dashboard in Dashboards' grid. */
const columns = 48;
