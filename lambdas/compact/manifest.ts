import * as z from 'zod';
import { common, files, table } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'compact',
  description: 'Merges small files into large ones by tenant and hour, and writes what is derived from them',
  triggers: [{ kind: 'schedule', every: 'rate(5 minutes)', pass: 'compact' }],
  env: z.object({ ...common, ...table, ...files }),
  memoryMb: 3008,
  timeoutS: 900,
  architecture: 'arm64',
  needs: { table: 'write', bucket: 'delete' },
  bundle: {
    maxKb: 860,
    maxImportMs: 600,
    reason: 'the reader and writer of files; clients of DynamoDB and S3',
    without: ['kafkajs', '@duckdb/node-api', '@opensearch-project/opensearch', 'hono'],
  },
});
