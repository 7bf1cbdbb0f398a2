import { CustomResource, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as custom from 'aws-cdk-lib/custom-resources';
import type { Construct } from 'constructs';
import { KafkaSource } from '../constructs/kafka-source.ts';
import type { LogFunction } from '../constructs/log-function.ts';
import { acknowledge, acknowledgePattern } from '../guards/acknowledge.ts';
import type { Parts } from '../parts.ts';
import { topicsOf } from '../topics.ts';
import { addFunction, functionsOf, hasRoutes } from './functions.ts';

/** Everything that works without being asked over HTTP: consumers of Kafka, schedules, alarms' messenger, and what a deployment sets up. */
export class ProcessStack extends Stack {
  readonly functions = new Map<string, LogFunction>();

  constructor(scope: Construct, id: string, { parts, others, ...props }: StackProps & { parts: Parts; others: Map<string, LogFunction> }) {
    super(scope, id, { ...props, description: `Logdrive ${parts.stage.stage}: consumers, schedules, set-up` });
    for (const manifest of functionsOf(parts).filter((each) => !hasRoutes(each)))
      this.functions.set(manifest.name, addFunction(this, manifest, parts));
    const setUp = this.setUp(parts, new Map([...others, ...this.functions]));
    for (const manifest of functionsOf(parts))
      for (const trigger of manifest.triggers)
        if (trigger.kind === 'kafka' && parts.stream.arn) {
          const consumer = this.functions.get(manifest.name)!;
          // The topic must be there before it is polled.
          new KafkaSource(consumer, `From-${trigger.topic}`, { consumer, trigger, parts }).node.addDependency(setUp);
        }
  }

  /** Topics, templates, policies and roles, made by the bootstrap function whenever one of the settings they come from has changed. */
  private setUp(parts: Parts, functions: Map<string, LogFunction>): CustomResource {
    const { fn } = functions.get('bootstrap')!;
    const provider = new custom.Provider(this, 'SetUp', {
      onEventHandler: fn,
      logGroup: new logs.LogGroup(this, 'SetUpLogs', { retention: logs.RetentionDays.ONE_WEEK, removalPolicy: RemovalPolicy.DESTROY }),
    });
    acknowledge(provider, {
      'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
        'The framework of the custom resource runs on deployment only, and writes nothing but its log.',
      L1: 'CDK chooses the runtime of the framework.',
    });
    acknowledgePattern(provider, `${fn.functionArn}:*`, 'CDK lets the framework call any version of the bootstrap function.');
    const rolesThat = (need: 'read' | 'write') =>
      functionsOf(parts)
        .filter(({ needs }) => needs.hot === need)
        .map(({ name }) => functions.get(name)!.role.roleArn);
    const { stage } = parts;
    const { partitions, replication, minInSync, retentionHours } = stage.stream;
    return new CustomResource(this, 'Topics', {
      serviceToken: provider.serviceToken,
      resourceType: 'Custom::LogdriveSetUp',
      properties: {
        Topics: topicsOf(stage),
        ...{ Partitions: partitions, Replication: replication, MinInSync: minInSync, RetentionHours: retentionHours },
        ...(stage.search
          ? {
              Replicas: stage.search.replicas,
              Writers: rolesThat('write'),
              Readers: rolesThat('read'),
              People: parts.search?.people ? [parts.search.people.roleArn] : [],
            }
          : {}),
      },
    });
  }
}
