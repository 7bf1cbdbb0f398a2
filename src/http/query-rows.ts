import type { StoredRecord } from '../core/record.ts';
import { formatTime } from '../core/time.ts';
import { fieldOf, recordFields } from '../query/ast/fields.ts';
import type { Query } from '../query/ast/query.ts';
import { readerOf } from '../query/compile/scan/values.ts';
import type { GroupRow, Groups } from '../query/plan.ts';
import { recordJson } from './record-json.ts';

export type Column = { name: string; type: 'string' | 'number' | 'boolean' | 'time' | 'any' };
/** Rows of an answer, whatever was asked: each has at most the columns' names. */
export type Rows = { columns: Column[]; rows: Record<string, unknown>[] };

const recordColumns = [
  'id',
  'timestamp',
  'observed_timestamp',
  'level',
  'severity',
  'service',
  'env',
  'host',
  'message',
  'trace_id',
  'span_id',
];

/** Spells records as rows: whole, or the selected fields under the names they were selected by; absent ones are left out. */
export function recordRows(records: readonly StoredRecord[], select: readonly string[] | undefined): Rows {
  if (!select) {
    const columns = [...recordColumns.map(columnOf), { name: 'attributes', type: 'any' } as const];
    return { columns, rows: records.map(recordJson) };
  }
  const readers = select.map((name) => [name, fieldReader(name)] as const);
  const rows = records.map((record) => Object.fromEntries(readers.flatMap(([name, read]) => pair(name, read(record)))));
  return { columns: select.map(columnOf), rows };
}

/** Spells groups as rows: keys first, then values; times of buckets and of aggregates over time fields in RFC 3339. */
export function groupRows({ rows }: Pick<Groups, 'rows'>, { groupBy, aggregates }: Pick<Query, 'groupBy' | 'aggregates'>): Rows {
  const keys = groupBy.map(
    (key): Column => (key.kind === 'bucket' ? { name: key.as, type: 'time' } : { ...columnOf(key.field), name: key.as }),
  );
  const values = aggregates.map((aggregate): Column => {
    const isPoint = (aggregate.fn === 'min' || aggregate.fn === 'max') && columnOf(aggregate.field).type === 'time';
    return { name: aggregate.as, type: isPoint ? 'time' : 'number' };
  });
  const columns = [...keys, ...values];
  const times = columns.filter(({ type }) => type === 'time').map(({ name }) => name);
  return { columns, rows: rows.map((row) => withTimes(row, times)) };
}

function withTimes(row: GroupRow, times: readonly string[]): GroupRow {
  if (times.length === 0) return row;
  const spelt = { ...row };
  for (const name of times) if (typeof row[name] === 'number') spelt[name] = formatTime(row[name]);
  return spelt;
}

function columnOf(name: string): Column {
  const field = fieldOf(name);
  return { name, type: field.kind === 'record' ? recordFields[field.name] : 'any' };
}

const pair = (name: string, value: unknown): [string, unknown][] => (value === undefined ? [] : [[name, value]]);

function fieldReader(name: string): (record: StoredRecord) => unknown {
  const field = fieldOf(name);
  const read = readerOf(name);
  if (field.kind === 'attribute') return name === 'attributes' ? (record) => record.attributes : read;
  if (field.name === 'timestamp') return (record) => formatTime(record.timestamp, record.timestamp_ns);
  return recordFields[field.name] === 'time' ? (record) => formatTime(read(record) as number) : read;
}
