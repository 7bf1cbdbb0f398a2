import { idOf } from '../core/ids.ts';
import type { AttributeValue, Level, StoredRecord } from '../core/record.ts';
import type { ReadStats, SortKey } from '../query/plan.ts';
import { attributeOf, overflowColumn } from './columns.ts';
import { type ColumnData, type RowGroup, valueAt, type Window } from './rows.ts';
import type { Steps } from './steps.ts';

/** A row that was found, and where. */
export type Hit = SortKey & { group: RowGroup; window: Window; row: number };

const valueColumns = [
  'observed_timestamp',
  'level',
  'severity',
  'service',
  'env',
  'host',
  'message',
  'trace_id',
  'span_id',
  'client_id',
  'tenant',
] as const;
type Values = Record<(typeof valueColumns)[number], unknown>;

/** Builds the records of the hits, in their order; columns are read once for each window. */
export function* recordsOf(hits: Hit[], stats: ReadStats): Steps<StoredRecord[]> {
  const byWindow = new Map<Window, number[]>();
  hits.forEach(({ window }, i) => {
    const indices = byWindow.get(window);
    if (indices) indices.push(i);
    else byWindow.set(window, [i]);
  });
  const records: StoredRecord[] = new Array(hits.length);
  for (const [window, indices] of byWindow) {
    const { group } = hits[indices[0]!]!;
    const columns = {} as Record<keyof Values, ColumnData | undefined>;
    for (const name of valueColumns) columns[name] = yield* group.load(name, window, stats);
    const attributes = yield* attributesOf(
      indices.map((i) => hits[i]!.row),
      group,
      window,
      stats,
    );
    indices.forEach((i, k) => {
      records[i] = recordOf(hits[i]!, columns, attributes[k]!);
    });
  }
  return records;
}

function recordOf(hit: Hit, columns: Record<keyof Values, ColumnData | undefined>, attributes: [string, AttributeValue][]): StoredRecord {
  const { row, timestamp, timestamp_ns, generation, partition, offset } = hit;
  const text = (name: keyof Values): string | undefined => valueAt(columns[name], row) as string | undefined;
  const clientId = text('client_id');
  return {
    timestamp,
    timestamp_ns,
    observed_timestamp: valueAt(columns.observed_timestamp, row) as number,
    level: text('level') as Level,
    severity: valueAt(columns.severity, row) as number,
    service: text('service')!,
    env: text('env'),
    host: text('host'),
    message: text('message'),
    trace_id: text('trace_id'),
    span_id: text('span_id'),
    attributes: Object.fromEntries(attributes),
    client_id: clientId,
    tenant: text('tenant')!,
    id: clientId ?? idOf({ generation, partition, offset }),
    generation,
    partition,
    offset,
  };
}

function* attributesOf(rows: number[], group: RowGroup, window: Window, stats: ReadStats): Steps<[string, AttributeValue][][]> {
  const found: [string, AttributeValue][][] = rows.map(() => []);
  for (const name of group.attributeColumns) {
    const data = yield* group.load(name, window, stats);
    const key = name === overflowColumn ? undefined : attributeOf(name)!.key;
    rows.forEach((row, k) => {
      const value = valueAt(data, row);
      if (value === undefined) return;
      if (key !== undefined) found[k]!.push([key, value]);
      else found[k]!.push(...Object.entries(JSON.parse(value as string) as Record<string, AttributeValue>));
    });
  }
  return found;
}
