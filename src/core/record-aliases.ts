/**
 * The other names under which records come, for each field of the vocabulary, the strongest first. Where a record has several, the first in this
 * list is the field and the others stay attributes. A nested object is flattened before it is looked at, so `{"log": {"level": "warn"}}` has
 * `log.level`. Names are case-sensitive. Sources: Elastic Common Schema, OpenTelemetry, GELF, journald, bunyan, pino, structlog, Serilog (CLEF),
 * logback, Fluent Bit, Datadog, Google Cloud Logging.
 */
export const recordAliases = {
  timestamp: [
    'timestamp',
    '@timestamp',
    'ts',
    'time',
    'datetime',
    'date',
    '@t',
    'asctime',
    'eventTime',
    'event_time',
    'timeUnixNano',
    'time_unix_nano',
    'TimeGenerated',
    '__REALTIME_TIMESTAMP',
  ],
  level: [
    'level',
    'log.level',
    'severity',
    'lvl',
    'loglevel',
    'log_level',
    'logLevel',
    'levelname',
    'level_name',
    'severity_text',
    'severityText',
    '@l',
    'levelno',
    'PRIORITY',
  ],
  severity: ['severity_number', 'severityNumber', 'severity'],
  service: ['service', 'service.name', 'service_name', 'serviceName', 'app', 'app_name', 'application', 'source', 'SYSLOG_IDENTIFIER'],
  env: ['env', 'environment', 'deployment.environment', 'deployment.environment.name', 'service.environment'],
  host: ['host', 'host.name', 'hostname', 'host_name', '_HOSTNAME'],
  message: ['message', 'msg', 'body', 'log', 'short_message', '@m', '@mt', 'event', 'MESSAGE'],
  trace_id: ['trace_id', 'trace.id', 'traceId', 'traceID', 'traceid', 'TraceId', 'otelTraceID', 'attributes.trace_id'],
  span_id: ['span_id', 'span.id', 'spanId', 'spanID', 'spanid', 'SpanId', 'otelSpanID', 'attributes.span_id'],
  id: ['id'],
} as const satisfies Record<string, readonly string[]>;

export type AliasedField = keyof typeof recordAliases;

/**
 * The names of a time that must be one: any other text under them is a fault of the record. Under the weaker names it stays an attribute.
 * Beside `timestamp`, which must be a time whatever it is, only texts and numbers count.
 */
export const strictTimeNames = recordAliases.timestamp.slice(0, 4);

/** A field and how strong its name is: 0 the strongest. */
export type Alias = { field: AliasedField; rank: number };

/** What a name stands for; `severity` is here as a level and is read as a number first. */
export const aliasOf: ReadonlyMap<string, Alias> = new Map(
  (Object.keys(recordAliases) as AliasedField[]).flatMap((field) =>
    recordAliases[field].map((name, rank) => [name, { field, rank }] as const),
  ),
);
