import { describe, expect, test } from 'vitest';
import { gatewayProblems } from '../../lib/gateway-problems.ts';
import { defineStage, type StageOverrides } from '../../lib/stages.ts';
import { errorTable } from '../../src/core/errors.ts';
import { resourcesOf } from './checks.ts';
import { synthesise } from './synthesised.ts';

test.each<[Partial<StageOverrides>, RegExp]>([
  [{ stage: 'Prod' }, /stage: 1 to 20/],
  [{ zones: 3 }, /2 do not spread evenly over 3 zones/],
  [{ stream: { replication: 3 } }, /3 copies need as many brokers/],
  [{ stream: { minInSync: 3 } }, /no more than stream.replication/],
  [{ stream: { kind: 'express' } }, /MSK Express keeps 3 copies/],
  [{ stream: { kind: 'external' } }, /an external Kafka has an address/],
  [{ search: { replicas: 1 } }, /fewer than search.dataNodes/],
  [{ storage: { glacierAfterDays: 20 } }, /30 or more/],
  [{ storage: { glacierAfterDays: 30, deepArchiveAfterDays: 60 } }, /90 days after Glacier/],
  [{ api: { allowedAddresses: ['10.0.0.0/8'] } }, /WAF is what checks them/],
])('settings that do not fit together are refused: %j', (overrides, message) => {
  expect(() => defineStage({ stage: 'a', ...overrides })).toThrow(message);
});

describe('a stage', () => {
  test('without OpenSearch has neither a domain nor the function that fills one', () => {
    const templates = synthesise(defineStage({ stage: 'files', search: false }));
    expect(templates).not.toHaveProperty('search');
    const names = resourcesOf(templates, 'AWS::Lambda::Function').map(({ properties }) => properties.FunctionName);
    expect(names).toContain('logdrive-files-archive');
    expect(names).not.toContain('logdrive-files-index');
    // Without a domain only those that talk to Kafka are inside the network.
    const inside = resourcesOf(templates, 'AWS::Lambda::Function').filter(({ properties }) => properties.VpcConfig);
    expect(inside.map(({ properties }) => properties.FunctionName).sort()).toEqual(
      ['bootstrap', 'canary', 'ingest', 'take-in'].map((name) => `logdrive-files-${name}`),
    );
  });

  test('may run on MSK Serverless', () => {
    const templates = synthesise(defineStage({ stage: 'quiet', search: false, stream: { kind: 'serverless', replication: 3 } }));
    expect(resourcesOf(templates, 'AWS::MSK::ServerlessCluster')).toHaveLength(1);
  });

  test('with a NAT gateway has one a zone and no interface endpoints', () => {
    const templates = synthesise(defineStage({ stage: 'nat', search: false, egress: 'nat' }));
    expect(resourcesOf(templates, 'AWS::EC2::NatGateway')).toHaveLength(2);
    expect(resourcesOf(templates, 'AWS::EC2::VPCEndpoint').map(({ properties }) => properties.VpcEndpointType)).toEqual([
      'Gateway',
      'Gateway',
    ]);
  });

  test('with allowed addresses has a WAF that asks no body', () => {
    const templates = synthesise(
      defineStage({
        stage: 'shut',
        search: false,
        api: { wafRequestsPer5Min: 1_000, allowedAddresses: ['192.0.2.0/24', '2001:db8::/32'] },
      }),
    );
    const [acl] = resourcesOf(templates, 'AWS::WAFv2::WebACL');
    expect((acl!.properties.Rules as { Name: string }[]).map(({ Name }) => Name).sort()).toEqual(['other-addresses', 'rate-of-an-address']);
    expect(JSON.stringify(acl!.properties)).not.toMatch(/ManagedRuleGroup|Body/);
  });
});

test.each(gatewayProblems)('the gateway answers $type with a code of the table', ({ code, title, status, template }) => {
  const known = errorTable[code as keyof typeof errorTable];
  expect(title).toBe(known.title);
  if (status !== undefined) expect(status).toBe(known.status);
  expect(JSON.parse(template)).toMatchObject({ code, request_id: '$context.requestId' });
});
