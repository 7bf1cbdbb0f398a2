import * as z from 'zod';
import { common, files, hot, table, variables } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'retention',
  description: 'Removes what is older than its tenant keeps it',
  triggers: [{ kind: 'schedule', every: 'rate(1 hour)', pass: 'retain' }],
  env: z.object({
    ...common,
    ...table,
    ...files,
    ...hot,
    LOGDRIVE_PARTITIONS: variables.LOGDRIVE_PARTITIONS,
    LOGDRIVE_WARM_DAYS: variables.LOGDRIVE_WARM_DAYS,
  }),
  memoryMb: 1024,
  timeoutS: 900,
  architecture: 'arm64',
  needs: { table: 'write', bucket: 'delete', hot: 'write' },
  bundle: {
    maxKb: 860,
    maxImportMs: 600,
    reason: 'clients of DynamoDB and S3',
    without: ['kafkajs', '@duckdb/node-api', 'hono'],
  },
});
