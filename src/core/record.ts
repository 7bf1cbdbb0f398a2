/** The six levels, lowest first. A record's `level` is always one of them. */
export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof levels)[number];

/** An attribute is a flat, dotted key and one of these; numbers are finite. */
export type AttributeValue = string | number | boolean;
export type Attributes = Record<string, AttributeValue>;

/**
 * One log record as the pipeline carries it: normalised and masked, before or after `process`. The names are the product's one vocabulary:
 * the same in HTTP bodies, query fields, Parquet columns and OpenSearch fields.
 * The shape is fixed (absent values are `undefined`, never missing keys) so that the hot path stays monomorphic.
 */
export type LogRecord = {
  /** When it happened: epoch microseconds, an integer (exact in a double until the year 2255). Equals `observed_timestamp` where the sender gave none. */
  timestamp: number;
  /** What of the timestamp is below a microsecond: 0 to 999 nanoseconds. */
  timestamp_ns: number;
  /** When accept saw it: epoch microseconds. */
  observed_timestamp: number;
  level: Level;
  /**
   * OpenTelemetry SeverityNumber, 1 to 24. Between accept and the end of `process` 0 (unspecified) says that the sender gave no level: `level` is
   * then `info`, and a parser may improve it.
   */
  severity: number;
  /** `unknown` where the record names none. */
  service: string;
  env: string | undefined;
  host: string | undefined;
  /** The text that is searched. May be absent (CSV of metrics, say). */
  message: string | undefined;
  /** 32 lower-case hex digits. */
  trace_id: string | undefined;
  /** 16 lower-case hex digits. */
  span_id: string | undefined;
  attributes: Attributes;
  /** First 128 bits of SHA-256(tenant, the record's own `id`) as 32 hex digits, when it brought one; else the id is the position. */
  client_id: string | undefined;
};

/** Where a record stands in the raw topic, for ever. */
export type Position = { generation: number; partition: number; offset: number };

/** A record in a store: what the pipeline carried, whose it is and where it stood. */
export type StoredRecord = LogRecord & { tenant: string; id: string } & Position;

/** Why a record does not reach a store though it was accepted. Bounded, since it is a metric label and a ledger column. */
export const dropReasons = ['rule', 'sampled', 'duplicate', 'expired', 'erased', 'corrupt'] as const;
export type DropReason = (typeof dropReasons)[number];

/** What became of one record on its way to a store. A record's failure is data; throwing means that the whole batch failed. */
export type Outcome =
  | { kind: 'keep'; record: LogRecord }
  | { kind: 'drop'; reason: DropReason }
  | { kind: 'dead'; code: string; detail: string };
