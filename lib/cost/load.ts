/** What a stage is given to do, and what that means. Figures marked measured are in docs/benchmarks.md; the rest is assumed, and said so in docs/cost.md. */
export type Load = {
  /** Raw NDJSON a day, in GB of 10^9 bytes. */
  gbPerDay: number;
  /** Bytes of a record. Measured data has 382 to 442. */
  recordBytes: number;
  /** Records a request. */
  recordsPerRequest: number;
  /** Searches and queries a day, by people and dashboards. */
  queriesPerDay: number;
};

export const defaultLoad: Omit<Load, 'gbPerDay'> = { recordBytes: 400, recordsPerRequest: 500, queriesPerDay: 2_000 };

/** What one unit of work takes. */
export const assumptions = {
  hoursPerMonth: 730,
  daysPerMonth: 30.4,
  /** Warm files for their raw bytes: measured 5.7 %, 11.4 for the minutes in which both the merged and the new file stay. */
  warmRatio: 0.08,
  /** OpenSearch's disk for the raw bytes of one copy: measured 51 to 60 %. */
  hotRatio: 0.6,
  /** Bytes of Kafka's log for raw bytes: not compressed, headers a little. */
  kafkaRatio: 1.05,
  /** Share of a disk that may be full. */
  diskShare: 0.75,
  ingestMs: 60,
  queryMs: 500,
  /** A consumer's work on each thousand records, and on a batch whatever is in it. */
  consumerMsPerThousand: 40,
  consumerMsPerBatch: 150,
  passMs: 400,
  /** Of the queries, such as aggregate a week; each reads so much of the week's files: columns that it does not name cost nothing. */
  largeScanShare: 0.01,
  largeScanDays: 7,
  columnShare: 0.25,
  /** A batch is full, or its window has passed: batches a second and partition are at most 1 / window. */
  dynamoWritesPerBatch: 6,
  dynamoReadsPerBatch: 8,
  dynamoWritesPerRequest: 1,
  logBytesPerInvocation: 1_500,
  logBytesPerRequest: 400,
  /** A compacted file holds up to 128 MB; an hour of a tenant makes at least one. */
  compactedMb: 64,
} as const;
