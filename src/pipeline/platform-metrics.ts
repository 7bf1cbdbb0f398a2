import type { Registry } from './metrics.ts';

/** The platform's own metrics that more than one part counts in; made once for a process. Labels are bounded: no tenant, no path, no id. */
export type PlatformMetrics = ReturnType<typeof platformMetrics>;

/** Names the platform's counters and histograms in a registry. */
export function platformMetrics(metrics: Registry) {
  return {
    batchesReceived: metrics.counter('logdrive_log_batches_received_total', 'Ingest requests that arrived with a valid key.'),
    invalidRequests: metrics.counter('logdrive_invalid_requests_total', 'Requests answered 4xx, by code.', ['code']),
    logsIngested: metrics.counter('logdrive_logs_ingested_total', 'Records accepted, durable in the queue.'),
    logsRejected: metrics.counter('logdrive_logs_rejected_total', 'Records refused one by one; the rest of their request was accepted.'),
    secretsMasked: metrics.counter('logdrive_secrets_masked_total', 'Secrets covered before the first durable write, by kind.', ['kind']),
    ingestErrors: metrics.counter('logdrive_ingest_errors_total', 'Ingest requests that failed for a reason on our side, by code.', [
      'code',
    ]),
    ingestSeconds: metrics.histogram(
      'logdrive_ingest_duration_seconds',
      'Time from the first byte of an ingest request to its durable answer.',
    ),
    aggregationRuns: metrics.counter('logdrive_aggregation_runs_total', 'Summaries and windows that were computed.'),
    publishFailures: metrics.counter('logdrive_publish_failures_total', 'Appends to the queue that failed, by code.', ['code']),
    panics: metrics.counter('logdrive_panics_total', 'Unexpected errors that were caught, by where.', ['where']),
    httpRequests: metrics.counter('logdrive_http_requests_total', 'HTTP requests answered.', ['method', 'route', 'status']),
    httpSeconds: metrics.histogram('logdrive_http_request_duration_seconds', 'Time to the answer of an HTTP request.', ['method', 'route']),
    rateLimited: metrics.counter('logdrive_rate_limited_total', 'Requests answered 429.'),
    tails: metrics.gauge('logdrive_tails_open', 'Live tails that are connected.'),
  };
}
