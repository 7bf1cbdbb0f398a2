import { CreateTableCommand, type DynamoDBClient, ResourceInUseException, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { createTopics } from '../../adapters/queue/kafka/topics.ts';
import { stateTable } from '../../adapters/state/dynamodb/manifest.ts';
import { AppError } from '../../core/errors.ts';
import type { ServiceAddresses } from './running-services.ts';

export type Clients = { s3: S3Client; dynamoDb: DynamoDBClient; sqs: SQSClient };

/** SQS keeps a message for 14 days at most. */
const retentionS = 14 * 24 * 3600;

/**
 * Makes the topic, the bucket, the table and the queue where they are missing; indices are made as they are written. Resolves to the queue's URL.
 * @throws AppError QUEUE_UNAVAILABLE, STORE_UNAVAILABLE naming the service that does not answer and how to start it
 */
export async function createMissing(addresses: ServiceAddresses, { s3, dynamoDb, sqs }: Clients): Promise<string> {
  const { brokers, topic, parsedTopic, partitions, replication, endpoint, bucket, table, deadLetters } = addresses;
  const topics = [topic, addresses.in?.topic, parsedTopic].flatMap((name) =>
    name === undefined ? [] : [{ name, partitions, replication }],
  );
  const [, , , queueUrl] = await Promise.all([
    createTopics({ brokers }, topics).catch((cause: unknown) => absent('QUEUE_UNAVAILABLE', `Kafka at ${brokers.join(', ')}`, cause)),
    createBucket(s3, bucket).catch((cause: unknown) => absent('STORE_UNAVAILABLE', `S3 at ${endpoint}`, cause)),
    createTable(dynamoDb, table).catch((cause: unknown) => absent('STORE_UNAVAILABLE', `DynamoDB at ${endpoint}`, cause)),
    createQueue(sqs, deadLetters).catch((cause: unknown) => absent('STORE_UNAVAILABLE', `SQS at ${endpoint}`, cause)),
  ]);
  return queueUrl;
}

async function createBucket(s3: S3Client, bucket: string): Promise<void> {
  const isThere = await s3.send(new HeadBucketCommand({ Bucket: bucket })).then(
    () => true,
    (error: { $metadata?: { httpStatusCode?: number } }) => {
      if (error.$metadata?.httpStatusCode === 404) return false;
      throw error;
    },
  );
  if (isThere) return;
  await s3.send(new CreateBucketCommand({ Bucket: bucket })).catch((error: { name?: string }) => {
    if (error.name !== 'BucketAlreadyOwnedByYou') throw error;
  });
}

async function createTable(dynamoDb: DynamoDBClient, table: string): Promise<void> {
  const keys = [stateTable.partitionKey, stateTable.sortKey];
  const request = new CreateTableCommand({
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keys.map(({ name }, i) => ({ AttributeName: name, KeyType: i === 0 ? 'HASH' : 'RANGE' })),
    AttributeDefinitions: keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
  });
  await dynamoDb.send(request).catch((error: unknown) => {
    if (!(error instanceof ResourceInUseException)) throw error;
  });
  await waitUntilTableExists({ client: dynamoDb, maxWaitTime: 30, minDelay: 1, maxDelay: 2 }, { TableName: table });
}

async function createQueue(sqs: SQSClient, name: string): Promise<string> {
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { MessageRetentionPeriod: String(retentionS) } }),
  );
  return QueueUrl!;
}

function absent(code: 'QUEUE_UNAVAILABLE' | 'STORE_UNAVAILABLE', what: string, cause: unknown): never {
  if (cause instanceof AppError && cause.code === 'INVALID_CONFIG') throw cause;
  const why = cause instanceof Error ? cause.message || cause.name : String(cause);
  throw new AppError(
    code,
    `${what} does not serve us (${why}); \`npm run services:up\` starts the services, \`services:status\` lists them`,
    {
      cause,
    },
  );
}
