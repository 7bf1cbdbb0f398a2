import * as z from 'zod';
import { common, kafka, table } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'take-in',
  description: 'Accepts records that services produced straight to Kafka, from `logs.in` into `logs.raw`',
  only: 'door',
  triggers: [{ kind: 'kafka', topic: 'logs.in', batchSize: 1_000, windowS: 1 }],
  env: z.object({ ...common, ...kafka, ...table }),
  memoryMb: 1024,
  timeoutS: 60,
  architecture: 'arm64',
  needs: { kafka: 'read-write', table: 'write' },
  bundle: {
    maxKb: 1_050,
    maxImportMs: 600,
    reason: 'what ingest carries',
    without: ['@duckdb/node-api', '@opensearch-project/opensearch', '@aws-sdk/client-s3', '@aws-sdk/client-sqs', 'src/columnar/', 'hono'],
  },
});
