import { describe, expect, test } from 'vitest';
import { replacements, type Snapshot, snapshotOf, type Template } from '../../lib/guards/stateful.ts';

const bucket = (properties: Record<string, unknown> = {}): Record<string, Template> => ({
  storage: {
    Resources: { Files: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'a', ...properties } }, Role: { Type: 'AWS::IAM::Role' } },
  },
});
const deployed: Snapshot = snapshotOf(bucket());

test('a snapshot holds what has data, and the properties that would replace it', () => {
  expect(deployed).toEqual({ storage: { Files: { type: 'AWS::S3::Bucket', properties: { BucketName: 'a' } } } });
});

describe('held against what is deployed,', () => {
  const subnets = (ids: string[]): Record<string, Template> => ({
    stream: {
      Resources: { Cluster: { Type: 'AWS::MSK::Cluster', Properties: { BrokerNodeGroupInfo: { ClientSubnets: ids, InstanceType: 'a' } } } },
    },
  });
  test.each<[string, Snapshot, Record<string, Template>, RegExp | undefined]>([
    ['nothing new is no fault', deployed, bucket(), undefined],
    ['another setting is no fault', deployed, bucket({ VersioningConfiguration: { Status: 'Enabled' } }), undefined],
    ['one more resource is no fault', {}, bucket(), undefined],
    ['another name would replace it', deployed, bucket({ BucketName: 'b' }), /Files would be replaced: BucketName was "a" and is "b"/],
    ['another logical id loses it', deployed, { storage: { Resources: {} } }, /AWS::S3::Bucket Files is gone/],
    [
      'another type is another resource',
      deployed,
      { storage: { Resources: { Files: { Type: 'AWS::DynamoDB::Table' } } } },
      /was AWS::S3::Bucket/,
    ],
    ['a property deep inside counts', snapshotOf(subnets(['a'])), subnets(['a', 'b']), /BrokerNodeGroupInfo\/ClientSubnets was/],
  ])('%s', (_name, before, after, fault) => {
    const faults = replacements(before, snapshotOf(after));
    expect(faults).toHaveLength(fault ? 1 : 0);
    if (fault) expect(faults[0]).toMatch(fault);
  });
});
