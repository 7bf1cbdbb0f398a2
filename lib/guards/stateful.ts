import type { App } from 'aws-cdk-lib';

/** Properties by which CloudFormation replaces a resource that holds data, by its type: `createOnlyProperties` of its schema. */
export const replacementProperties: Record<string, string[]> = {
  'AWS::S3::Bucket': ['BucketName', 'BucketNamePrefix', 'BucketNamespace'],
  'AWS::DynamoDB::Table': ['TableName', 'ImportSourceSpecification', 'KeySchema'],
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
  'AWS::SNS::Topic': ['TopicName', 'FifoTopic'],
  'AWS::KMS::Key': [],
  'AWS::MSK::Cluster': [
    'ClusterName',
    'BrokerNodeGroupInfo/BrokerAZDistribution',
    'BrokerNodeGroupInfo/ClientSubnets',
    'BrokerNodeGroupInfo/SecurityGroups',
    'EncryptionInfo/EncryptionAtRest',
    'EncryptionInfo/EncryptionInTransit/InCluster',
  ],
  'AWS::MSK::ServerlessCluster': ['ClusterName', 'VpcConfigs', 'ClientAuthentication', 'Tags'],
  'AWS::OpenSearchService::Domain': ['DomainName', 'EngineMode', 'EncryptionAtRestOptions/KmsKeyId'],
  'AWS::Cognito::UserPool': ['UsernameAttributes', 'AliasAttributes', 'UsernameConfiguration'],
  // Senders have its address.
  'AWS::ApiGateway::RestApi': [],
};

export type Resource = { Type: string; Properties?: Record<string, unknown> };
export type Template = { Resources?: Record<string, Resource> };
/** By stack name and logical id: the type of each resource that holds data, and the properties that would replace it. */
export type Snapshot = Record<string, Record<string, { type: string; properties: Record<string, unknown> }>>;

/** Finds what holds data in the templates of a stage. */
export function snapshotOf(templates: Record<string, Template>): Snapshot {
  return Object.fromEntries(
    Object.entries(templates)
      .map(([stack, { Resources = {} }]) => {
        const held = Object.entries(Resources).filter(([, { Type }]) => Type in replacementProperties);
        return [
          stack,
          Object.fromEntries(
            held.map(([id, { Type, Properties = {} }]) => {
              const values = replacementProperties[Type]!.map((path) => [path, valueAt(Properties, path)] as const);
              return [id, { type: Type, properties: Object.fromEntries(values.filter(([, value]) => value !== undefined)) }];
            }),
          ),
        ] as const;
      })
      .filter(([, held]) => Object.keys(held).length > 0),
  );
}

/** What a deployment would do to data that is there, a sentence each; new resources are no fault. */
export function replacements(deployed: Snapshot, next: Snapshot): string[] {
  return Object.entries(deployed).flatMap(([stack, resources]) =>
    Object.entries(resources).flatMap(([id, { type, properties }]) => {
      const now = next[stack]?.[id];
      if (!now) return [`${stack}: ${type} ${id} is gone: it would be deleted, or left behind and made anew empty`];
      if (now.type !== type) return [`${stack}: ${id} was ${type} and is ${now.type}`];
      const paths = [...new Set([...Object.keys(properties), ...Object.keys(now.properties)])];
      return paths
        .filter((path) => JSON.stringify(properties[path]) !== JSON.stringify(now.properties[path]))
        .map(
          (path) => `${stack}: ${type} ${id} would be replaced: ${path} was ${show(properties[path])} and is ${show(now.properties[path])}`,
        );
    }),
  );
}

/** Synthesises an app; the templates of all its stacks, by name. */
export function templatesOf(app: App): Record<string, Template> {
  return Object.fromEntries(app.synth().stacksRecursively.map(({ stackName, template }) => [stackName, template as Template]));
}

function valueAt(properties: Record<string, unknown>, path: string): unknown {
  return path.split('/').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], properties);
}

const show = (value: unknown): string => (value === undefined ? 'not set' : JSON.stringify(value));
