import { levels } from '../core/record.ts';
import { text, texts, UsageError, type Values, whole } from './command.ts';

type Condition = unknown[];

const ofField = ['sum', 'avg', 'min', 'max', 'distinct'];

/** The JSON query that counts and groups what the filter options leave: `--by service,5m --stats count,p95:latency_ms`. @throws UsageError */
export function groupQuery(values: Values): Record<string, unknown> {
  const groupBy = list(values, 'by').map((key) => (/^\d+[smhdw]$/.test(key) ? ['bucket', 'timestamp', key] : key));
  const stats = list(values, 'stats');
  const aggregate = Object.fromEntries((stats.length > 0 ? stats : ['count']).map(aggregateOf));
  const time = { last: text(values, 'last'), from: text(values, 'from'), to: text(values, 'to') };
  const isTimeline = groupBy.some((key) => Array.isArray(key));
  return {
    from: 'logs',
    ...(Object.values(time).some((value) => value !== undefined) ? { time } : {}),
    where: whereOf(values),
    group_by: groupBy,
    aggregate,
    ...(isTimeline ? {} : { order_by: [[Object.keys(aggregate)[0], 'desc']] }),
    limit: whole(values, 'limit', 1_000),
  };
}

/** `count`, `p95:latency_ms`, `avg:bytes`: a name and what the API calls it. */
function aggregateOf(given: string): [name: string, aggregate: unknown[]] {
  const [fn = '', field] = given.split(':');
  if (fn === 'count' && field === undefined) return ['count', ['count']];
  const name = `${fn}_${field}`;
  const percent = /^p(\d{1,2}(?:\.\d+)?)$/.exec(fn)?.[1];
  if (field && percent !== undefined) return [name, ['percentile', field, Number(percent)]];
  if (field && ofField.includes(fn)) return [name, [fn, field]];
  throw new UsageError(`--stats ${given}: give count, or one of ${ofField.join(', ')}, p50 to p99 with a field: p95:latency_ms`);
}

function whereOf(values: Values): Condition {
  const search = text(values, 'search');
  const trace = text(values, 'trace');
  const least = text(values, 'min-level');
  const from = least === undefined ? -1 : levels.indexOf(least.toLowerCase() as (typeof levels)[number]);
  if (least !== undefined && from < 0) throw new UsageError(`--min-level ${least}: give one of ${levels.join(', ')}`);
  const oneOf = (field: string): Condition[] => (texts(values, field).length > 0 ? [['in', field, texts(values, field)]] : []);
  return [
    'and',
    ...(search ? [['contains', 'message', search]] : []),
    ...(trace ? [['=', 'trace_id', trace.toLowerCase()]] : []),
    ...(from >= 0 ? [['in', 'level', levels.slice(from)]] : []),
    ...['service', 'level', 'env', 'host'].flatMap(oneOf),
  ];
}

const list = (values: Values, name: string): string[] =>
  (text(values, name) ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
