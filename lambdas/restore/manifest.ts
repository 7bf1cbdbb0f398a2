import * as z from 'zod';
import { common, files, table } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'restore',
  description: 'Brings cold days back from Glacier, and says how far that has come',
  triggers: [{ kind: 'schedule', every: 'rate(15 minutes)', pass: 'restore' }],
  env: z.object({ ...common, ...table, ...files }),
  memoryMb: 512,
  timeoutS: 300,
  architecture: 'arm64',
  needs: { table: 'write', bucket: 'restore' },
  bundle: {
    maxKb: 650,
    maxImportMs: 600,
    reason: 'clients of DynamoDB and S3',
    without: ['kafkajs', '@duckdb/node-api', '@opensearch-project/opensearch', 'hono'],
  },
});
