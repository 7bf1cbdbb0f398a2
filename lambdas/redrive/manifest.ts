import * as z from 'zod';
import { common, deadLetters, hot, table, variables } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'redrive',
  description: 'Gives dead letters another try, under the positions they had',
  triggers: [
    { kind: 'http', method: 'POST', path: '/api/dlq/redrive' },
    { kind: 'queue', queue: 'redrive', batchSize: 1, partial: true },
    { kind: 'schedule', every: 'rate(1 hour)', pass: 'reconcile' },
  ],
  env: z.object({ ...common, ...table, ...deadLetters, ...hot, LOGDRIVE_PARTITIONS: variables.LOGDRIVE_PARTITIONS }),
  memoryMb: 1024,
  timeoutS: 300,
  architecture: 'arm64',
  needs: { table: 'write', bucket: 'write', hot: 'write', dlq: 'consume' },
  bundle: {
    maxKb: 1_480,
    maxImportMs: 600,
    reason: 'both sinks, and the HTTP API for its one route',
    without: ['kafkajs', '@duckdb/node-api'],
  },
});
