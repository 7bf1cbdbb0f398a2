import type { Needs } from '../lambdas/function-manifest.ts';
import { iam as athena } from '../src/adapters/warm-query/athena/manifest.ts';

/** One thing a role may do: actions on the resources that `on` names. */
export type Grant = {
  on:
    | 'table'
    | 'bucket'
    | 'objects'
    | 'key'
    | 'hot'
    | 'workGroup'
    | 'catalogue'
    | 'attributeTables'
    | 'results'
    | 'dlq'
    | 'topic'
    | 'mail'
    | 'cluster'
    | 'topics'
    | 'groups';
  actions: string[];
};

const dynamodb = (...actions: string[]): Grant => ({ on: 'table', actions: actions.map((action) => `dynamodb:${action}`) });
const bucket = (...actions: string[]): Grant => ({ on: 'bucket', actions: actions.map((action) => `s3:${action}`) });
const objects = (...actions: string[]): Grant => ({ on: 'objects', actions: actions.map((action) => `s3:${action}`) });
const key = (...actions: string[]): Grant => ({ on: 'key', actions: actions.map((action) => `kms:${action}`) });
const hot = (...methods: string[]): Grant => ({ on: 'hot', actions: methods.map((method) => `es:ESHttp${method}`) });
const dlq = (...actions: string[]): Grant => ({ on: 'dlq', actions: actions.map((action) => `sqs:${action}`) });
const kafka = (on: 'cluster' | 'topics' | 'groups', ...actions: string[]): Grant => ({
  on,
  actions: actions.map((action) => `kafka-cluster:${action}`),
});

const connect = kafka('cluster', 'Connect', 'DescribeCluster');
/** Lambda polls with the function's own role. https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html */
const polls: Grant[] = [
  { on: 'cluster', actions: ['kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'] },
  connect,
  kafka('cluster', 'DescribeClusterDynamicConfiguration'),
  kafka('topics', 'DescribeTopic', 'ReadData'),
  kafka('groups', 'DescribeGroup', 'AlterGroup'),
];
/** A repeat with a key that may have been lost reads the partition back: ReadData. */
const appends: Grant[] = [
  connect,
  kafka('cluster', 'WriteDataIdempotently'),
  kafka('topics', 'DescribeTopic', 'WriteData', 'ReadData'),
  kafka('groups', 'DescribeGroup', 'AlterGroup'),
];

/** From what a manifest says its function needs to what its role may do; nothing else is ever granted to a resource of ours. */
export const permissions: { [Need in keyof Needs]-?: Record<NeedValue<Need>, Grant[]> } = {
  kafka: {
    read: polls,
    write: appends,
    'read-write': [...polls, ...appends],
    admin: [
      connect,
      kafka('cluster', 'AlterCluster', 'DescribeClusterDynamicConfiguration'),
      kafka('topics', 'CreateTopic', 'DescribeTopic', 'AlterTopic', 'DescribeTopicDynamicConfiguration', 'AlterTopicDynamicConfiguration'),
    ],
  },
  table: {
    read: [dynamodb('GetItem', 'BatchGetItem', 'Query', 'Scan'), key('Decrypt')],
    write: [
      dynamodb('GetItem', 'BatchGetItem', 'Query', 'Scan', 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem', 'BatchWriteItem'),
      key('Decrypt'),
    ],
  },
  bucket: {
    read: [bucket('ListBucket'), objects('GetObject'), key('Decrypt')],
    write: [bucket('ListBucket'), objects('GetObject', 'PutObject', 'AbortMultipartUpload'), key('Decrypt', 'GenerateDataKey')],
    delete: [
      bucket('ListBucket', 'ListBucketVersions'),
      objects('GetObject', 'PutObject', 'AbortMultipartUpload', 'DeleteObject', 'DeleteObjectVersion'),
      key('Decrypt', 'GenerateDataKey'),
    ],
    restore: [bucket('ListBucket'), objects('GetObject', 'RestoreObject'), key('Decrypt', 'GenerateDataKey')],
  },
  hot: {
    read: [hot('Get', 'Head', 'Post', 'Delete')],
    write: [hot('Get', 'Head', 'Post', 'Put', 'Delete')],
    admin: [hot('Get', 'Head', 'Post', 'Put', 'Patch', 'Delete')],
  },
  largeScans: {
    ask: [
      { on: 'workGroup', actions: [...athena.athena] },
      { on: 'catalogue', actions: athena.glue.filter((action) => action !== 'glue:CreateTable') },
      { on: 'attributeTables', actions: ['glue:CreateTable'] },
      { on: 'bucket', actions: [...athena.s3Bucket] },
      { on: 'results', actions: [...athena.s3Results] },
      key('Decrypt', 'GenerateDataKey'),
    ],
  },
  dlq: {
    send: [dlq('SendMessage', 'GetQueueAttributes'), key('Decrypt', 'GenerateDataKey')],
    consume: [
      dlq('SendMessage', 'ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility', 'GetQueueAttributes'),
      key('Decrypt', 'GenerateDataKey'),
    ],
  },
  notify: {
    sns: [{ on: 'topic', actions: ['sns:Publish'] }, key('Decrypt', 'GenerateDataKey')],
    ses: [{ on: 'mail', actions: ['ses:SendEmail'] }],
  },
};

type NeedValue<Need extends keyof Needs> =
  NonNullable<Needs[Need]> extends (infer Each)[] ? Each & string : NonNullable<Needs[Need]> & string;

/** What a function with these needs may do: each action once for each thing. */
export function grantsOf(needs: Needs): Grant[] {
  const all = (Object.keys(needs) as (keyof Needs)[]).flatMap((need) => {
    const table = permissions[need] as Record<string, Grant[]>;
    return [needs[need]].flat().flatMap((value) => (value === undefined ? [] : table[value]!));
  });
  const byThing = Map.groupBy(all, ({ on }) => on);
  return [...byThing].map(([on, grants]) => ({ on, actions: [...new Set(grants.flatMap(({ actions }) => actions))].sort() }));
}
