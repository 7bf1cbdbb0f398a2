import * as z from 'zod';
import { common, kafka, table } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'publish-parsed',
  description: 'Publishes processed records to `logs.parsed`, for consumers of others',
  only: 'parsed',
  triggers: [{ kind: 'kafka', topic: 'logs.raw', batchSize: 5_000, windowS: 1 }],
  env: z.object({ ...common, ...kafka, ...table }),
  memoryMb: 1024,
  timeoutS: 120,
  architecture: 'arm64',
  needs: { kafka: 'read-write', table: 'write' },
  bundle: {
    maxKb: 1_050,
    maxImportMs: 600,
    reason: 'what ingest carries, and the steps of process',
    without: ['@duckdb/node-api', '@opensearch-project/opensearch', '@aws-sdk/client-s3', '@aws-sdk/client-sqs', 'hono'],
  },
});
