import * as z from 'zod';
import { common, deadLetters, hot, table, variables } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'tail',
  description: 'Streams records as they become searchable',
  triggers: [{ kind: 'http', method: 'GET', path: '/api/logs/tail', streams: true }],
  env: z.object({ ...common, ...table, ...deadLetters, ...hot, LOGDRIVE_PARTITIONS: variables.LOGDRIVE_PARTITIONS }),
  memoryMb: 512,
  timeoutS: 900,
  architecture: 'arm64',
  needs: { table: 'write', bucket: 'read', hot: 'read' },
  bundle: {
    maxKb: 1_480,
    maxImportMs: 600,
    reason: 'the HTTP API and the reader of files; clients of OpenSearch, DynamoDB and S3',
    without: ['kafkajs', '@duckdb/node-api'],
  },
});
