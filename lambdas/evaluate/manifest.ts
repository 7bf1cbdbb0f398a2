import * as z from 'zod';
import { common, deadLetters, hot, table, variables } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'evaluate',
  description: 'Evaluates alert rules over windows that are complete: four passes a minute',
  triggers: [{ kind: 'schedule', every: 'rate(1 minute)', pass: 'evaluate' }],
  env: z.object({ ...common, ...table, ...deadLetters, ...hot, LOGDRIVE_PARTITIONS: variables.LOGDRIVE_PARTITIONS }),
  memoryMb: 512,
  timeoutS: 58,
  architecture: 'arm64',
  needs: { table: 'write', bucket: 'read', hot: 'read' },
  bundle: {
    maxKb: 1_080,
    maxImportMs: 600,
    reason: 'the rule language, the reader of files, clients of OpenSearch, DynamoDB, S3 and SQS',
    without: ['kafkajs', '@duckdb/node-api', 'hono'],
  },
});
