import { AthenaClient } from '@aws-sdk/client-athena';

export type AthenaSettings = {
  /** AWS's own for the region when absent. */
  endpoint?: string | undefined;
  region?: string | undefined;
  attemptTimeoutMs?: number;
  attempts?: number;
};

/** A client whose every request ends: by default after 5 attempts of 10 s. */
export function athenaClient({ endpoint, region, attemptTimeoutMs = 10_000, attempts = 5 }: AthenaSettings = {}): AthenaClient {
  return new AthenaClient({
    ...(endpoint ? { endpoint } : {}),
    ...(region ? { region } : {}),
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: attemptTimeoutMs, throwOnRequestTimeout: true },
  });
}
