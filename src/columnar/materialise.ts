import { idOf } from '../core/ids.ts';
import type { AttributeValue, Level, StoredRecord } from '../core/record.ts';
import type { ReadStats, SortKey } from '../query/plan.ts';
import { attributeOf, overflowColumn } from './columns.ts';
import type { CellValue, RowGroup, Window } from './rows.ts';
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
type Values = Record<(typeof valueColumns)[number], CellValue[]>;

/** Builds the records of the hits, in their order; columns are read once for each window, and only where hits are. */
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
    indices.sort((a, b) => hits[a]!.row - hits[b]!.row);
    const rows = indices.map((i) => hits[i]!.row);
    const values = {} as Values;
    for (const name of valueColumns) values[name] = yield* group.pick(name, window, rows, stats);
    const attributes = yield* attributesOf(rows, group, window, stats);
    indices.forEach((i, k) => {
      records[i] = recordOf(hits[i]!, values, k, attributes[k]!);
    });
  }
  return records;
}

function recordOf(hit: Hit, values: Values, k: number, attributes: [string, AttributeValue][]): StoredRecord {
  const { timestamp, timestamp_ns, generation, partition, offset } = hit;
  const text = (name: keyof Values): string | undefined => values[name][k] as string | undefined;
  const clientId = text('client_id');
  return {
    timestamp,
    timestamp_ns,
    observed_timestamp: values.observed_timestamp[k] as number,
    level: text('level') as Level,
    severity: values.severity[k] as number,
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
    const values = yield* group.pick(name, window, rows, stats);
    const key = name === overflowColumn ? undefined : attributeOf(name)!.key;
    values.forEach((value, k) => {
      if (value === undefined) return;
      if (key !== undefined) found[k]!.push([key, value]);
      else found[k]!.push(...Object.entries(JSON.parse(value as string) as Record<string, AttributeValue>));
    });
  }
  return found;
}
