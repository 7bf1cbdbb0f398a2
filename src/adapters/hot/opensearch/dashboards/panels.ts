/** One aggregation of a visualisation. Its query texts are in Lucene's syntax, which the node reads itself (`query_string`). */
export type PanelAgg =
  | { type: 'count' }
  | { type: 'max' | 'cardinality'; field: string; label: string }
  | { type: 'percentiles'; field: string; percents: number[] }
  | { type: 'date_histogram'; field: 'timestamp' | 'observed_timestamp' }
  | { type: 'terms'; field: string; size: number }
  | { type: 'filters'; filters: { label: string; query: string }[] };

/** A visualisation: metrics, then buckets from the outer to the inner. `share` stacks to 100 %. */
export type Panel = {
  id: string;
  title: string;
  description: string;
  kind: 'metric' | 'line' | 'histogram' | 'area' | 'share' | 'table';
  query: string;
  metrics: PanelAgg[];
  buckets: PanelAgg[];
};

export type SavedSearch = { id: string; title: string; description: string; query: string; columns: string[] };
export type Board = {
  id: string;
  title: string;
  description: string;
  panels: { id: string; type: 'visualization' | 'search'; width: number; height: number }[];
};

const errors = 'level:(error OR fatal)';
const overTime: PanelAgg = { type: 'date_histogram', field: 'timestamp' };
const whenObserved: PanelAgg = { type: 'date_histogram', field: 'observed_timestamp' };
const byService: PanelAgg = { type: 'terms', field: 'service', size: 20 };
const count: PanelAgg = { type: 'count' };
const latency = 'numbers.latency_ms';

export const panels: Panel[] = [
  {
    id: 'logdrive-error-rate',
    title: 'Error rate',
    description: 'The share of records of level error or fatal.',
    kind: 'share',
    query: '',
    metrics: [count],
    buckets: [
      overTime,
      {
        type: 'filters',
        filters: [
          { label: 'errors', query: errors },
          { label: 'others', query: `NOT ${errors}` },
        ],
      },
    ],
  },
  {
    id: 'logdrive-errors-by-service',
    title: 'Errors by service',
    description: 'Records of level error or fatal.',
    kind: 'histogram',
    query: errors,
    metrics: [count],
    buckets: [overTime, byService],
  },
  {
    id: 'logdrive-latency',
    title: 'Latency: p50, p95, p99',
    description: 'Of the attribute latency_ms.',
    kind: 'line',
    query: '',
    metrics: [{ type: 'percentiles', field: latency, percents: [50, 95, 99] }],
    buckets: [overTime],
  },
  {
    id: 'logdrive-latency-by-service',
    title: 'Latency p95 by service',
    description: 'Of the attribute latency_ms, with the number of records.',
    kind: 'table',
    query: `_exists_:${latency}`,
    metrics: [count, { type: 'percentiles', field: latency, percents: [95] }],
    buckets: [byService],
  },
  {
    id: 'logdrive-volume',
    title: 'Volume by service',
    description: 'Records by the time they name.',
    kind: 'histogram',
    query: '',
    metrics: [count],
    buckets: [overTime, byService],
  },
  {
    id: 'logdrive-levels',
    title: 'Records by level',
    description: '',
    kind: 'table',
    query: '',
    metrics: [count],
    buckets: [{ type: 'terms', field: 'level', size: 6 }],
  },
  {
    id: 'logdrive-totals',
    title: 'Records, services, newest',
    description: 'The newest by the time ingest saw it: far behind now says that nothing arrives.',
    kind: 'metric',
    query: '',
    metrics: [
      count,
      { type: 'cardinality', field: 'service', label: 'services' },
      { type: 'max', field: 'observed_timestamp', label: 'newest observed' },
    ],
    buckets: [],
  },
  {
    id: 'logdrive-ingest-rate',
    title: 'Ingest by tenant',
    description: 'Records by the time ingest saw them.',
    kind: 'area',
    query: '',
    metrics: [count],
    buckets: [whenObserved, { type: 'terms', field: 'tenant', size: 20 }],
  },
  {
    id: 'logdrive-partitions',
    title: 'Partitions of the queue',
    description: 'What each has brought here: its records, its highest offset, and when its newest record was seen.',
    kind: 'table',
    query: '',
    metrics: [
      count,
      { type: 'max', field: 'offset', label: 'highest offset' },
      { type: 'max', field: 'observed_timestamp', label: 'newest observed' },
    ],
    buckets: [{ type: 'terms', field: 'partition', size: 200 }],
  },
  {
    id: 'logdrive-outside-columns',
    title: 'Records with values outside columns',
    description: 'Attributes beyond the budget of fields, odd keys, very long values: queries on them have to read the records.',
    kind: 'histogram',
    query: '_exists_:marks',
    metrics: [count],
    buckets: [whenObserved, { type: 'terms', field: 'tenant', size: 20 }],
  },
];

export const savedSearches: SavedSearch[] = [
  {
    id: 'logdrive-newest',
    title: 'Newest records',
    description: 'Everything, newest first.',
    query: '',
    columns: ['tenant', 'service', 'level', 'message'],
  },
  {
    id: 'logdrive-errors',
    title: 'Errors',
    description: 'Records of level error or fatal.',
    query: errors,
    columns: ['tenant', 'service', 'host', 'message', 'trace_id'],
  },
  {
    id: 'logdrive-timeouts',
    title: 'Timeouts',
    description: 'Messages that say that something timed out.',
    query: 'message:(timeout OR (timed AND out))',
    columns: ['tenant', 'service', 'level', 'message'],
  },
  {
    id: 'logdrive-slow',
    title: 'Slow requests',
    description: 'latency_ms above 1,000.',
    query: `${latency}:>1000`,
    columns: ['tenant', 'service', latency, 'message'],
  },
];

const visualization = (id: string, width: number, height: number) => ({ id, type: 'visualization' as const, width, height });

export const boards: Board[] = [
  {
    id: 'logdrive-overview',
    title: 'Logdrive: overview',
    description: 'Error rate, latency, volume by service, and the newest errors.',
    panels: [
      visualization('logdrive-totals', 48, 8),
      visualization('logdrive-error-rate', 24, 14),
      visualization('logdrive-latency', 24, 14),
      visualization('logdrive-volume', 24, 14),
      visualization('logdrive-errors-by-service', 24, 14),
      visualization('logdrive-latency-by-service', 24, 12),
      visualization('logdrive-levels', 24, 12),
      { id: 'logdrive-errors', type: 'search', width: 48, height: 18 },
    ],
  },
  {
    id: 'logdrive-ingest',
    title: 'Logdrive: ingest health',
    description: 'What arrives, from which partition and tenant, and what finds no column.',
    panels: [
      visualization('logdrive-totals', 48, 8),
      visualization('logdrive-ingest-rate', 48, 14),
      visualization('logdrive-partitions', 24, 16),
      visualization('logdrive-outside-columns', 24, 16),
    ],
  },
];
