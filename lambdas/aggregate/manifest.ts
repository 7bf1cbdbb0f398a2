import * as z from 'zod';
import { common, deadLetters, table, topic } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'aggregate',
  description: 'Counts records from Kafka by minute',
  triggers: [{ kind: 'kafka', topic: 'logs.raw', batchSize: 10_000, windowS: 5 }],
  env: z.object({ ...common, ...topic, ...table, ...deadLetters }),
  memoryMb: 1024,
  timeoutS: 120,
  architecture: 'arm64',
  needs: { kafka: 'read', table: 'write', bucket: 'write', dlq: 'send' },
  bundle: {
    maxKb: 1_500,
    maxImportMs: 400,
    reason: 'clients of DynamoDB, S3 and SQS',
    without: ['kafkajs', '@duckdb/node-api', '@opensearch-project/opensearch', 'hono'],
  },
});
