import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export type DynamoDbSettings = {
  /** AWS's own for the region when absent. */
  endpoint?: string | undefined;
  region?: string | undefined;
  /** A request that takes longer is given up and sent again. */
  attemptTimeoutMs?: number;
  /** How often a request is sent at most: throttled, failed, or without an answer. */
  attempts?: number;
};

/** A client whose every request ends: by default after 5 attempts of 3 s. Credentials are the environment's. */
export function dynamoDbClient({ endpoint, region, attemptTimeoutMs = 3_000, attempts = 5 }: DynamoDbSettings = {}): DynamoDBClient {
  return new DynamoDBClient({
    ...(endpoint ? { endpoint } : {}),
    ...(region ? { region } : {}),
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: attemptTimeoutMs, throwOnRequestTimeout: true },
  });
}
