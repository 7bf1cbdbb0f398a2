import type { Environment } from '../../../lambdas/environment.ts';
import { sqsClient } from '../../adapters/dead-letters/sqs/client.ts';
import { SqsDeadLetters } from '../../adapters/dead-letters/sqs/sqs-dead-letters.ts';
import { dynamoDbClient } from '../../adapters/state/dynamodb/client.ts';
import type { Clock } from '../../core/clock.ts';
import { endpoint, openFiles } from './open-files.ts';

/** Dead letters: their states in the table, a message each in SQS, large bodies in the bucket. */
export const openDeadLetters = (
  env: Environment<'LOGDRIVE_TABLE' | 'LOGDRIVE_DLQ_URL' | 'LOGDRIVE_BUCKET'>,
  clock: Clock,
): SqsDeadLetters =>
  new SqsDeadLetters({
    dynamoDb: dynamoDbClient(),
    table: env.LOGDRIVE_TABLE,
    sqs: sqsClient({ endpoint: endpoint() }),
    queueUrl: env.LOGDRIVE_DLQ_URL,
    objects: openFiles(env),
    clock,
  });
