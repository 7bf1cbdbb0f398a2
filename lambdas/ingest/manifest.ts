import * as z from 'zod';
import { common, kafka, table } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'ingest',
  description: 'Takes log records in over HTTP and answers once Kafka has them',
  triggers: [
    { kind: 'http', method: 'POST', path: '/logs' },
    { kind: 'http', method: 'POST', path: '/ingest' },
  ],
  env: z.object({ ...common, ...kafka, ...table }),
  memoryMb: 1024,
  timeoutS: 29,
  architecture: 'arm64',
  needs: { kafka: 'write', table: 'write' },
  bundle: {
    maxKb: 1_070,
    maxImportMs: 600,
    reason: 'kafkajs, the DynamoDB client, the schemas of the settings',
    without: ['@duckdb/node-api', '@opensearch-project/opensearch', '@aws-sdk/client-s3', '@aws-sdk/client-sqs', 'src/columnar/', 'hono'],
  },
});
