import * as z from 'zod';
import { common, kafka, table, variables } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'canary',
  description: 'Sends a record of its own tenant the whole way each minute, and measures how long it takes',
  triggers: [{ kind: 'schedule', every: 'rate(1 minute)', pass: 'canary' }],
  env: z.object({ ...common, ...kafka, ...table, LOGDRIVE_HOT_URL: variables.LOGDRIVE_HOT_URL }),
  memoryMb: 512,
  timeoutS: 55,
  architecture: 'arm64',
  needs: { kafka: 'write', table: 'write' },
  bundle: {
    maxKb: 1_050,
    maxImportMs: 600,
    reason: 'what ingest carries',
    without: ['@duckdb/node-api', '@opensearch-project/opensearch', '@aws-sdk/client-s3', '@aws-sdk/client-sqs', 'src/columnar/', 'hono'],
  },
});
