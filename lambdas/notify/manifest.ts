import * as z from 'zod';
import { common, table, variables } from '../environment.ts';
import { defineFunction } from '../function-manifest.ts';

export default defineFunction({
  name: 'notify',
  description: 'Tells people about alarms: webhook, Slack, e-mail, SNS',
  // By the topic alone: EventBridge would tell each alarm a second time, and those of others in the account.
  triggers: [{ kind: 'alarms' }],
  env: z.object({ ...common, ...table, LOGDRIVE_NOTIFY_TOPIC_ARN: variables.LOGDRIVE_NOTIFY_TOPIC_ARN }),
  memoryMb: 256,
  timeoutS: 60,
  architecture: 'arm64',
  needs: { table: 'read', notify: ['sns', 'ses'] },
  bundle: {
    maxKb: 580,
    maxImportMs: 600,
    reason: 'clients of DynamoDB, SNS and SES',
    without: ['kafkajs', '@duckdb/node-api', '@opensearch-project/opensearch', '@aws-sdk/client-s3', 'src/columnar/', 'hono'],
  },
});
