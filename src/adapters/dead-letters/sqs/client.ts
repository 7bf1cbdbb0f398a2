import { SQSClient } from '@aws-sdk/client-sqs';

export type SqsSettings = {
  /** AWS's own for the region when absent. */
  endpoint?: string | undefined;
  region?: string | undefined;
  attemptTimeoutMs?: number;
  attempts?: number;
};

/** A client whose every request ends: by default after 5 attempts of 5 s. Queues are called at `endpoint`, whatever host their URL names. */
export function sqsClient({ endpoint, region, attemptTimeoutMs = 5_000, attempts = 5 }: SqsSettings = {}): SQSClient {
  return new SQSClient({
    ...(endpoint ? { endpoint, useQueueUrlAsEndpoint: false } : {}),
    ...(region ? { region } : {}),
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: attemptTimeoutMs, throwOnRequestTimeout: true },
  });
}
