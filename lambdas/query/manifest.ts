import * as z from 'zod';
import { common, deadLetters, hot, largeScans, table, variables } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'query',
  description: 'Answers queries, the ledger, receipts, dead letters, keys and everything else of the HTTP API',
  triggers: [
    { kind: 'http', method: 'ANY', path: '/' },
    { kind: 'http', method: 'ANY', path: '/{proxy+}' },
  ],
  env: z.object({
    ...common,
    ...table,
    ...deadLetters,
    ...hot,
    ...largeScans,
    LOGDRIVE_NOTIFY_TOPIC_ARN: variables.LOGDRIVE_NOTIFY_TOPIC_ARN,
    LOGDRIVE_PARTITIONS: variables.LOGDRIVE_PARTITIONS,
  }),
  memoryMb: 2048,
  timeoutS: 29,
  architecture: 'x86_64',
  temporaryMb: 2048,
  needs: { table: 'write', bucket: 'read', largeScans: 'ask', hot: 'read', dlq: 'send' },
  bundle: {
    maxKb: 2_000,
    maxImportMs: 600,
    reason:
      'the whole HTTP API, the reader of files, clients of OpenSearch, DynamoDB, S3, SQS and Athena, and of every channel (to test one)',
    native: ['@duckdb/node-api'],
    without: ['kafkajs'],
  },
});
