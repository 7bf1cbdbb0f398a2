import * as z from 'zod';
import { common, deadLetters, hot, table, topic, variables } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'index',
  description: 'Makes records from Kafka searchable in OpenSearch',
  triggers: [{ kind: 'kafka', topic: 'logs.raw', batchSize: 5_000, windowS: 1 }],
  env: z.object({ ...common, ...topic, ...table, ...deadLetters, ...hot, LOGDRIVE_HOT_URL: variables.LOGDRIVE_HOT_URL.unwrap() }),
  memoryMb: 1024,
  timeoutS: 120,
  architecture: 'arm64',
  needs: { kafka: 'read', table: 'write', hot: 'write', dlq: 'send', bucket: 'write' },
  bundle: {
    maxKb: 870,
    maxImportMs: 600,
    reason: 'clients of OpenSearch, DynamoDB, SQS and S3 (bodies of large letters)',
    without: ['kafkajs', '@duckdb/node-api', 'hono'],
  },
});
