/** The fields of a record that are not attributes, and how they compare. `timestamp` and `observed_timestamp` compare as epoch microseconds. */
export const recordFields = {
  id: 'string',
  tenant: 'string',
  timestamp: 'time',
  observed_timestamp: 'time',
  level: 'string',
  severity: 'number',
  service: 'string',
  env: 'string',
  host: 'string',
  message: 'string',
  trace_id: 'string',
  span_id: 'string',
} as const;

export type RecordField = keyof typeof recordFields;

/** A field name, resolved: a field of the record or an attribute's key. */
export type Field = { kind: 'record'; name: RecordField } | { kind: 'attribute'; key: string };

/** Resolves a name: the vocabulary first, `attributes.x` and every other name are attributes. */
export function fieldOf(name: string): Field {
  if (Object.hasOwn(recordFields, name)) return { kind: 'record', name: name as RecordField };
  const key = name.startsWith('attributes.') ? name.slice('attributes.'.length) : name;
  // Records that bring these among their attributes have them lifted into the fields.
  if (key === 'trace_id' || key === 'span_id') return { kind: 'record', name: key };
  return { kind: 'attribute', key };
}
