import * as z from 'zod';
import { common, table, variables } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'deliver-alerts',
  description: 'Groups, silences and delivers alerts to their channels, four times a minute',
  triggers: [{ kind: 'schedule', every: 'rate(1 minute)', pass: 'deliver' }],
  env: z.object({ ...common, ...table, LOGDRIVE_NOTIFY_TOPIC_ARN: variables.LOGDRIVE_NOTIFY_TOPIC_ARN }),
  memoryMb: 512,
  timeoutS: 58,
  architecture: 'arm64',
  needs: { table: 'write', notify: ['sns', 'ses'] },
  bundle: {
    maxKb: 990,
    maxImportMs: 600,
    reason: 'clients of DynamoDB, SNS, SES and SMTP',
    without: ['kafkajs', '@duckdb/node-api', '@aws-sdk/client-s3', 'src/columnar/', 'hono'],
  },
});
