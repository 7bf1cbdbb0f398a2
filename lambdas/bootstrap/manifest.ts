import * as z from 'zod';
import { common, hot, kafka, table } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'bootstrap',
  description: 'Makes what CloudFormation cannot: topics, index templates, policies, roles, saved objects of Dashboards',
  triggers: [{ kind: 'custom-resource' }],
  env: z.object({ ...common, ...kafka, ...table, ...hot }),
  memoryMb: 512,
  timeoutS: 300,
  architecture: 'arm64',
  needs: { kafka: 'admin', table: 'write', hot: 'admin' },
  bundle: {
    maxKb: 1_050,
    maxImportMs: 600,
    reason: 'kafkajs; clients of OpenSearch and DynamoDB',
    without: ['@duckdb/node-api', '@aws-sdk/client-s3', '@aws-sdk/client-sqs', 'src/columnar/', 'hono'],
  },
});
