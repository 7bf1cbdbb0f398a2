import type { Template } from '../../lib/guards/stateful.ts';

export type Templates = Record<string, Template>;
export type Statement = { Effect: string; Action: string | string[]; Resource: unknown; Principal?: unknown; Condition?: unknown };
type Found = { stack: string; id: string; properties: Record<string, unknown>; whole: Record<string, unknown> };

/** Every resource of a type in all stacks. */
export const resourcesOf = (templates: Templates, type: string): Found[] =>
  Object.entries(templates).flatMap(([stack, { Resources = {} }]) =>
    Object.entries(Resources)
      .filter(([, { Type }]) => Type === type)
      .map(([id, whole]) => ({ stack, id, properties: whole.Properties ?? {}, whole: whole as unknown as Record<string, unknown> })),
  );

const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);
const at = (properties: Record<string, unknown>, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], properties);

/** Actions that know no resource: IAM's own reference lists them so. */
const withoutResource = /^(xray:|ec2:(Create|Delete|Assign|Unassign|Describe))/;

/** Policies of roles, a fault each: an action with `*`, or everything as the resource of one that knows better. */
export function wideGrants(templates: Templates): string[] {
  const policies = ['AWS::IAM::Policy', 'AWS::IAM::Role', 'AWS::IAM::ManagedPolicy'].flatMap((type) => resourcesOf(templates, type));
  return policies.flatMap(({ stack, id, properties }) => {
    const own = (properties.PolicyDocument as { Statement: Statement[] } | undefined)?.Statement ?? [];
    const inline = ((properties.Policies as { PolicyDocument: { Statement: Statement[] } }[]) ?? []).flatMap(
      ({ PolicyDocument }) => PolicyDocument.Statement,
    );
    return [...own, ...inline].flatMap(({ Action, Resource }) => [
      ...list(Action)
        .filter((action) => action.includes('*'))
        .map((action) => `${stack}/${id} may do ${action}`),
      ...(list(Resource).includes('*')
        ? list(Action)
            .filter((action) => !withoutResource.test(action))
            .map((action) => `${stack}/${id} may do ${action} on everything`)
        : []),
    ]);
  });
}

/** What holds data and would go with its stack, or is readable on its disk or by anybody. */
export function exposedData(templates: Templates): string[] {
  const must: [string, string, (value: unknown) => boolean][] = [
    ['AWS::S3::Bucket', 'BucketEncryption.ServerSideEncryptionConfiguration', (value) => JSON.stringify(value ?? '').includes('aws:kms')],
    ['AWS::S3::Bucket', 'PublicAccessBlockConfiguration.RestrictPublicBuckets', (value) => value === true],
    ['AWS::S3::Bucket', 'PublicAccessBlockConfiguration.BlockPublicPolicy', (value) => value === true],
    ['AWS::S3::Bucket', 'VersioningConfiguration.Status', (value) => value === 'Enabled'],
    ['AWS::DynamoDB::Table', 'SSESpecification.SSEEnabled', (value) => value === true],
    ['AWS::DynamoDB::Table', 'PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled', (value) => value === true],
    ['AWS::SQS::Queue', 'KmsMasterKeyId', (value) => value !== undefined],
    ['AWS::SNS::Topic', 'KmsMasterKeyId', (value) => value !== undefined],
    ['AWS::MSK::Cluster', 'EncryptionInfo.EncryptionInTransit.ClientBroker', (value) => value === 'TLS'],
    ['AWS::MSK::Cluster', 'ClientAuthentication.Unauthenticated.Enabled', (value) => value === false],
    ['AWS::OpenSearchService::Domain', 'NodeToNodeEncryptionOptions.Enabled', (value) => value === true],
    ['AWS::OpenSearchService::Domain', 'EncryptionAtRestOptions.Enabled', (value) => value === true],
    ['AWS::OpenSearchService::Domain', 'DomainEndpointOptions.EnforceHTTPS', (value) => value === true],
    ['AWS::OpenSearchService::Domain', 'AdvancedSecurityOptions.Enabled', (value) => value === true],
    ['AWS::OpenSearchService::Domain', 'VPCOptions.SubnetIds', (value) => value !== undefined],
    ['AWS::KMS::Key', 'EnableKeyRotation', (value) => value === true],
  ];
  return must.flatMap(([type, path, holds]) =>
    resourcesOf(templates, type)
      .filter(({ properties }) => !holds(at(properties, path)))
      .map(({ stack, id }) => `${stack}/${id}: ${path}`),
  );
}

/** Buckets, queues and topics that take a request without TLS. */
export function plainText(templates: Templates): string[] {
  const policyOf: Record<string, [string, string]> = {
    'AWS::S3::Bucket': ['AWS::S3::BucketPolicy', 'Bucket'],
    'AWS::SQS::Queue': ['AWS::SQS::QueuePolicy', 'Queues'],
    'AWS::SNS::Topic': ['AWS::SNS::TopicPolicy', 'Topics'],
  };
  return Object.entries(policyOf).flatMap(([type, [policyType, names]]) => {
    const policies = resourcesOf(templates, policyType).filter(({ properties }) => {
      const { Statement } = properties.PolicyDocument as { Statement: Statement[] };
      return Statement.some(
        ({ Effect, Condition }) => Effect === 'Deny' && JSON.stringify(Condition ?? '').includes('"aws:SecureTransport":"false"'),
      );
    });
    const covered = new Set(policies.flatMap(({ properties }) => list(properties[names] as { Ref: string }).map(({ Ref }) => Ref)));
    return resourcesOf(templates, type)
      .filter(({ id }) => !covered.has(id))
      .map(({ stack, id }) => `${stack}/${id}`);
  });
}

const holdData = [
  'AWS::S3::Bucket',
  'AWS::DynamoDB::Table',
  'AWS::MSK::Cluster',
  'AWS::MSK::ServerlessCluster',
  'AWS::OpenSearchService::Domain',
  'AWS::Cognito::UserPool',
];

/** What holds data and goes when its stack does; queues of jobs may, the dead letters may not. */
export function unretained(templates: Templates): string[] {
  const letters = resourcesOf(templates, 'AWS::SQS::Queue').filter(({ id }) => id.startsWith('DeadLetters'));
  return [...holdData.flatMap((type) => resourcesOf(templates, type)), ...letters]
    .filter(({ whole }) => whole.DeletionPolicy !== 'Retain' || whole.UpdateReplacePolicy !== 'Retain')
    .map(({ stack, id }) => `${stack}/${id}`);
}

/** Log groups kept for ever, and functions that would make one of their own. */
export function endlessLogs(templates: Templates): string[] {
  const groups = resourcesOf(templates, 'AWS::Logs::LogGroup').filter(({ properties }) => properties.RetentionInDays === undefined);
  const functions = resourcesOf(templates, 'AWS::Lambda::Function').filter(
    ({ id, properties }) => at(properties, 'LoggingConfig.LogGroup') === undefined && !/^(AWS679|SetUpframework)/.test(id),
  );
  return [...groups, ...functions].map(({ stack, id }) => `${stack}/${id}`);
}

/** Queues without a queue behind them that are none themselves. */
export function withoutDeadLetters(templates: Templates): string[] {
  const queues = resourcesOf(templates, 'AWS::SQS::Queue');
  return queues
    .filter(({ id, properties }) => properties.RedrivePolicy === undefined && !/^DeadLetters|Failures/.test(id))
    .map(({ stack, id }) => `${stack}/${id}`);
}

/** Alarms that tell nobody, or do not say what to do. */
export function silentAlarms(templates: Templates): string[] {
  return resourcesOf(templates, 'AWS::CloudWatch::Alarm')
    .filter(({ properties }) => {
      const actions = (properties.AlarmActions as unknown[] | undefined) ?? [];
      return actions.length === 0 || !String(properties.AlarmDescription).includes('docs/runbooks.md#');
    })
    .map(({ stack, id }) => `${stack}/${id}`);
}
