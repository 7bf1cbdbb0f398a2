/** A column or partition key of a table, in Hive's words. */
export type TableColumn = { name: string; type: 'string' | 'bigint' | 'int' | 'double' | 'boolean' };

/**
 * A table over files of the archive, as Glue keeps it and `CREATE EXTERNAL TABLE` says it. `parameters` holds partition projection: no partition is ever
 * registered. https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
 */
export type TableDefinition = {
  name: string;
  columns: TableColumn[];
  partitionKeys: TableColumn[];
  /** `s3://bucket/prefix/`. */
  location: string;
  parameters: Record<string, string>;
};

/** Glue's names for Parquet. */
export const parquetFormat = {
  inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  serde: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
} as const;

const column = (type: TableColumn['type'], ...names: string[]): TableColumn[] => names.map((name) => ({ name, type }));

/** The columns that every file has, but for `tenant`. Times are microseconds since 1970: as timestamps Athena would cut them to milliseconds. */
export const fileColumns: TableColumn[] = [
  ...column('bigint', 'timestamp'),
  ...column('int', 'timestamp_ns'),
  ...column('bigint', 'observed_timestamp'),
  ...column('string', 'level'),
  ...column('int', 'severity'),
  ...column('string', 'service', 'env', 'host', 'message', 'trace_id', 'span_id', 'client_id'),
  ...column('int', 'generation', 'partition'),
  ...column('bigint', 'offset'),
  ...column('string', 'attributes'),
];

const attributeTypes = { 'str.': 'string', 'num.': 'double', 'bool.': 'boolean' } as const;

/** The column of an attribute's values of one type, such as `num.latency_ms`; undefined for other columns. */
export function attributeColumn(name: string): TableColumn | undefined {
  const prefix = Object.keys(attributeTypes).find((start) => name.startsWith(start)) as keyof typeof attributeTypes | undefined;
  return prefix && { name, type: attributeTypes[prefix] };
}

/**
 * The compacted files: `tenant=<t>/dataset=logs/dt=<day>/hour=<hh>/`. A query must name its tenant. `archive` is the bucket with the prefix of names:
 * `s3://bucket/` or `s3://bucket/prefix/`; `attributes` are columns of attributes to have besides the fixed ones.
 */
export const compactedTable = (archive: string, name = 'logs', attributes: readonly TableColumn[] = []): TableDefinition => ({
  name,
  columns: [...fileColumns, ...attributes],
  partitionKeys: column('string', 'tenant', 'dataset', 'dt', 'hour'),
  location: archive,
  parameters: {
    ...external,
    'projection.tenant.type': 'injected',
    'projection.dataset.type': 'enum',
    'projection.dataset.values': 'logs',
    'projection.dt.type': 'date',
    'projection.dt.format': 'yyyy-MM-dd',
    'projection.dt.range': '2020-01-01,NOW+2DAYS',
    'projection.hour.type': 'integer',
    'projection.hour.range': '0,23',
    'projection.hour.digits': '2',
    'storage.location.template': `${archive}tenant=\${tenant}/dataset=\${dataset}/dt=\${dt}/hour=\${hour}/`,
  },
});

/** The newest files, all tenants in each: `level0/p<partition>/`. */
export const level0Table = (archive: string, name = 'level0', attributes: readonly TableColumn[] = []): TableDefinition => ({
  name,
  columns: [...column('string', 'tenant'), ...fileColumns, ...attributes],
  partitionKeys: column('string', 'p'),
  location: `${archive}level0/`,
  parameters: {
    ...external,
    'projection.p.type': 'integer',
    'projection.p.range': '0,9999',
    'storage.location.template': `${archive}level0/p\${p}/`,
  },
});

const external = { EXTERNAL: 'TRUE', classification: 'parquet', 'projection.enabled': 'true' };

/** The tables that a stage has from the start; those with columns of attributes are made by the queries that need them. */
export const tables = (archive: string): TableDefinition[] => [compactedTable(archive), level0Table(archive)];

/** What the adapter calls: IAM actions on the work group, the database and its tables, the archive, and the bucket of results. */
export const iam = {
  athena: ['athena:StartQueryExecution', 'athena:GetQueryExecution', 'athena:GetQueryResults', 'athena:StopQueryExecution'],
  glue: ['glue:GetDatabase', 'glue:GetTable', 'glue:GetPartitions', 'glue:CreateTable'],
  s3: ['s3:GetObject'],
  s3Bucket: ['s3:ListBucket', 's3:GetBucketLocation'],
  s3Results: ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
} as const;
