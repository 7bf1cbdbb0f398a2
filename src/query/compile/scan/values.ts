import { idOf } from '../../../core/ids.ts';
import type { AttributeValue, StoredRecord } from '../../../core/record.ts';
import { type Field, fieldOf, type RecordField } from '../../ast/fields.ts';

export type ReadValue = (record: StoredRecord) => AttributeValue | undefined;

/** Makes the function that reads a field of a record by its name in a query; times are epoch microseconds, absent values `undefined`. */
export function readerOf(name: string): ReadValue {
  const field: Field = fieldOf(name);
  if (field.kind === 'record') return recordReaders[field.name];
  const { key } = field;
  return ({ attributes }) => (Object.hasOwn(attributes, key) ? attributes[key] : undefined);
}

const recordReaders: Record<RecordField, ReadValue> = {
  id: (record) => record.client_id ?? idOf(record),
  tenant: (record) => record.tenant,
  timestamp: (record) => record.timestamp,
  observed_timestamp: (record) => record.observed_timestamp,
  level: (record) => record.level,
  severity: (record) => record.severity,
  service: (record) => record.service,
  env: (record) => record.env,
  host: (record) => record.host,
  message: (record) => record.message,
  trace_id: (record) => record.trace_id,
  span_id: (record) => record.span_id,
};
