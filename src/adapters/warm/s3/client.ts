import { S3Client } from '@aws-sdk/client-s3';

export type S3Settings = {
  /** AWS's own for the region when absent; an endpoint of one's own is asked for buckets by path. */
  endpoint?: string | undefined;
  region?: string | undefined;
  /** How long one attempt may say nothing. */
  attemptTimeoutMs?: number;
  attempts?: number;
};

/**
 * A client that gives no request up while its bytes flow, and each attempt after 15 s of silence. Writes carry a CRC32 that S3 checks;
 * what is read whole is checked against it.
 */
export function s3Client({ endpoint, region, attemptTimeoutMs = 15_000, attempts = 5 }: S3Settings = {}): S3Client {
  return new S3Client({
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(region ? { region } : {}),
    maxAttempts: attempts,
    requestChecksumCalculation: 'WHEN_SUPPORTED',
    responseChecksumValidation: 'WHEN_SUPPORTED',
    requestHandler: { connectionTimeout: 1_000, socketTimeout: attemptTimeoutMs },
  });
}
