import { describe, expect, test } from 'vitest';
import { functionsOf } from '../../lib/stacks/functions.ts';
import { stages } from '../../lib/stages.ts';
import * as checks from './checks.ts';
import { resourcesOf, type Templates } from './checks.ts';
import { synthesise } from './synthesised.ts';

const search = { url: 'https://search' };
const made = { dev: synthesise(stages.dev), prod: synthesise(stages.prod) };
const manifestsOf = { dev: functionsOf({ stage: stages.dev, search }), prod: functionsOf({ stage: stages.prod, search }) };
const local = synthesise(stages.local);

describe.each(['dev', 'prod'] as const)('stage %s', (name) => {
  const templates = made[name];
  test('no role may do everything of a service, or anything on everything', () => expect(checks.wideGrants(templates)).toEqual([]));
  test('what holds data is encrypted, versioned or recoverable, and not public', () => expect(checks.exposedData(templates)).toEqual([]));
  test('buckets, queues and topics refuse plain text', () => expect(checks.plainText(templates)).toEqual([]));
  test('what holds data outlives its stack', () => expect(checks.unretained(templates)).toEqual([]));
  test('logs do not stay for ever', () => expect(checks.endlessLogs(templates)).toEqual([]));
  test('queues of jobs have a queue behind them', () => expect(checks.withoutDeadLetters(templates)).toEqual([]));
  test('alarms tell somebody, and say what to do', () => expect(checks.silentAlarms(templates)).toEqual([]));

  test('a function has the variables of its manifest and no other', () => {
    for (const manifest of manifestsOf[name]) {
      const found = functionNamed(templates, manifest.name);
      const { Variables = {} } = (found.properties.Environment ?? {}) as { Variables?: Record<string, unknown> };
      const own = Object.keys(Variables).filter((name) => name !== 'AWS_NODEJS_CONNECTION_REUSE_ENABLED');
      const asText = Object.fromEntries(
        own.map((name) => [name, typeof Variables[name] === 'string' ? Variables[name] : 'made at deployment']),
      );
      expect(manifest.env.safeParse(asText).error?.issues ?? [], manifest.name).toEqual([]);
      expect(
        own.filter((name) => !(name in manifest.env.shape)),
        manifest.name,
      ).toEqual([]);
      expect(found.properties).toMatchObject({
        Timeout: manifest.timeoutS,
        MemorySize: manifest.memoryMb,
        Architectures: [manifest.architecture],
        TracingConfig: { Mode: 'Active' },
      });
    }
  });

  test('event sources read from the beginning, in one group or on demand, and have no destination for failures', () => {
    const sources = resourcesOf(templates, 'AWS::Lambda::EventSourceMapping').filter(({ properties }) => properties.Topics);
    const consumers = manifestsOf[name].filter(({ triggers }) => triggers.some(({ kind }) => kind === 'kafka'));
    expect(sources).toHaveLength(consumers.length);
    for (const { properties } of sources) {
      expect(properties).toMatchObject({ StartingPosition: 'TRIM_HORIZON' });
      expect(properties).not.toHaveProperty('DestinationConfig');
      expect(properties.MaximumRetryAttempts ?? -1).toBe(-1);
    }
    const groups = sources.map(
      ({ properties }) => (properties.ProvisionedPollerConfig as { PollerGroupName?: string } | undefined)?.PollerGroupName,
    );
    expect(new Set(groups).size).toBe(1);
  });
});

test('the local stage has nothing that the emulator lacks', () => {
  const lacking = ['AWS::MSK::Cluster', 'AWS::OpenSearchService::Domain', 'AWS::EC2::NatGateway', 'AWS::EC2::FlowLog', 'AWS::EC2::VPC'];
  for (const type of lacking) expect(resourcesOf(local, type), type).toEqual([]);
});

test('lifecycle rules move compacted files only, and expire no current object but results of queries', () => {
  const [bucket] = resourcesOf(made.prod, 'AWS::S3::Bucket');
  const { Rules } = bucket!.properties.LifecycleConfiguration as { Rules: Record<string, unknown>[] };
  const moving = Rules.filter(({ Transitions }) => Transitions);
  expect(moving).toMatchObject([
    {
      Prefix: 'tenant=',
      Transitions: [
        { StorageClass: 'GLACIER_IR', TransitionInDays: 30 },
        { StorageClass: 'DEEP_ARCHIVE', TransitionInDays: 365 },
      ],
    },
  ]);
  const expiring = Rules.filter((rule) => Object.keys(rule).some((name) => /^Expiration/.test(name)));
  expect(expiring.map(({ Prefix }) => Prefix)).toEqual(['athena-results/']);
});

test('CloudWatch may use the key of the topic that it tells alarms to', () => {
  const [key] = resourcesOf({ storage: made.dev.storage! }, 'AWS::KMS::Key');
  const { Statement } = key!.properties.KeyPolicy as { Statement: checks.Statement[] };
  const ours = Statement.find(({ Principal }) => JSON.stringify(Principal).includes('cloudwatch.amazonaws.com'));
  expect(ours).toMatchObject({ Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'] });
});

describe('a planted fault is found:', () => {
  const role = (statement: Partial<checks.Statement>): Templates => ({
    a: {
      Resources: { R: { Type: 'AWS::IAM::Policy', Properties: { PolicyDocument: { Statement: [{ Effect: 'Allow', ...statement }] } } } },
    },
  });
  const change = (type: string, properties: Record<string, unknown>, more: Record<string, unknown> = {}): Templates => {
    const copy = structuredClone(made.prod);
    const [first] = resourcesOf(copy, type);
    Object.assign(copy[first!.stack]!.Resources![first!.id]!, more, { Properties: { ...first!.properties, ...properties } });
    return copy;
  };
  const plants: [string, string[]][] = [
    ['an action with *', checks.wideGrants(role({ Action: 's3:*', Resource: 'arn:aws:s3:::a' }))],
    ['everything as a resource', checks.wideGrants(role({ Action: ['dynamodb:GetItem'], Resource: '*' }))],
    ['a bucket without KMS', checks.exposedData(change('AWS::S3::Bucket', { BucketEncryption: undefined }))],
    ['a public bucket', checks.exposedData(change('AWS::S3::Bucket', { PublicAccessBlockConfiguration: { BlockPublicPolicy: true } }))],
    [
      'a table that cannot go back in time',
      checks.exposedData(change('AWS::DynamoDB::Table', { PointInTimeRecoverySpecification: undefined })),
    ],
    [
      'Kafka without TLS',
      checks.exposedData(change('AWS::MSK::Cluster', { EncryptionInfo: { EncryptionInTransit: { ClientBroker: 'TLS_PLAINTEXT' } } })),
    ],
    ['a public OpenSearch', checks.exposedData(change('AWS::OpenSearchService::Domain', { VPCOptions: undefined }))],
    ['a queue that takes plain text', checks.plainText(change('AWS::SQS::QueuePolicy', { PolicyDocument: { Statement: [] } }))],
    ['a table that goes with its stack', checks.unretained(change('AWS::DynamoDB::Table', {}, { DeletionPolicy: 'Delete' }))],
    ['logs for ever', checks.endlessLogs(change('AWS::Logs::LogGroup', { RetentionInDays: undefined }))],
    ['an alarm nobody hears', checks.silentAlarms(change('AWS::CloudWatch::Alarm', { AlarmActions: [] }))],
    ['an alarm that does not say what to do', checks.silentAlarms(change('AWS::CloudWatch::Alarm', { AlarmDescription: 'bad' }))],
    [
      'a queue without one behind it',
      checks.withoutDeadLetters({ a: { Resources: { Jobs: { Type: 'AWS::SQS::Queue', Properties: {} } } } }),
    ],
  ];
  test.each(plants)('%s', (_name, faults) => expect(faults).toHaveLength(1));
});

function functionNamed(templates: Templates, name: string) {
  const found = resourcesOf(templates, 'AWS::Lambda::Function').filter(({ properties }) =>
    new RegExp(`^logdrive-(dev|prod)-${name}$`).test(String(properties.FunctionName)),
  );
  expect(found, name).toHaveLength(1);
  return found[0]!;
}
