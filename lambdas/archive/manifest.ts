import * as z from 'zod';
import { common, deadLetters, table, topic } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'archive',
  description: 'Writes records from Kafka into Parquet files on S3',
  triggers: [{ kind: 'kafka', topic: 'logs.raw', batchSize: 10_000, windowS: 20 }],
  env: z.object({ ...common, ...topic, ...table, ...deadLetters }),
  memoryMb: 2048,
  timeoutS: 120,
  architecture: 'arm64',
  needs: { kafka: 'read', table: 'write', bucket: 'write', dlq: 'send' },
  bundle: {
    maxKb: 920,
    maxImportMs: 600,
    reason: 'the Parquet writer; clients of DynamoDB, S3 and SQS',
    without: ['kafkajs', '@duckdb/node-api', '@opensearch-project/opensearch', 'hono'],
  },
});
