import {
  BillingMode,
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  KeyType,
  ScalarAttributeType,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { sqsClient } from '../../src/adapters/dead-letters/sqs/client.ts';
import { dynamoDbClient } from '../../src/adapters/state/dynamodb/client.ts';
import { stateTable } from '../../src/adapters/state/dynamodb/manifest.ts';
import { s3Client } from '../../src/adapters/warm/s3/client.ts';
import { services } from '../services/services.ts';
import { randomName } from './random-name.ts';

// The emulator takes any credentials, and those of whoever runs the tests must not get to it.
process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
delete process.env.AWS_SESSION_TOKEN;
delete process.env.AWS_PROFILE;

/** The emulated AWS of this run, undefined where there is none. */
export const aws = services().aws;

export const endpointOf = (endpoint = aws!.endpoint) => ({ endpoint, region: aws?.region ?? 'us-east-1' });

/** Makes a table of this name as the stacks do. */
export async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  const keys = [stateTable.partitionKey, stateTable.sortKey];
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: BillingMode.PAY_PER_REQUEST,
      KeySchema: keys.map((key, i) => ({ AttributeName: key.name, KeyType: i === 0 ? KeyType.HASH : KeyType.RANGE })),
      AttributeDefinitions: keys.map((key) => ({ AttributeName: key.name, AttributeType: ScalarAttributeType.S })),
    }),
  );
}

/** A table of its own, and what removes it. */
export async function makeTable(): Promise<{ table: string; remove(): Promise<void> }> {
  const client = dynamoDbClient(endpointOf());
  const table = randomName('state');
  await createTable(client, table);
  return {
    table,
    async remove() {
      await client.send(new DeleteTableCommand({ TableName: table }));
      client.destroy();
    },
  };
}

export async function makeBucket(): Promise<string> {
  const client = s3Client(endpointOf());
  const bucket = randomName('warm');
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return bucket;
}

export async function makeQueue(): Promise<string> {
  const client = sqsClient(endpointOf());
  const { QueueUrl } = await client.send(
    new CreateQueueCommand({ QueueName: randomName('dead'), Attributes: { MessageRetentionPeriod: '1209600' } }),
  );
  client.destroy();
  return QueueUrl!;
}
