import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as msk from 'aws-cdk-lib/aws-msk';
import * as custom from 'aws-cdk-lib/custom-resources';
import type { Construct } from 'constructs';
import { acknowledge } from '../guards/acknowledge.ts';
import type { StageSettings } from '../stages.ts';
import type { NetworkStack } from './network.ts';

/** What others need of Kafka. `arn` is absent where the cluster is not one of MSK. */
export type Stream = { brokers: string; auth: 'iam' | 'plain'; arn?: string };

/** Kafka on MSK, one of its three kinds: TLS only, IAM only. Topics are made by the bootstrap function. */
export class StreamStack extends Stack implements Stream {
  readonly brokers: string;
  readonly auth = 'iam';
  readonly arn: string;

  constructor(scope: Construct, id: string, { stage, network, ...props }: StackProps & { stage: StageSettings; network: NetworkStack }) {
    super(scope, id, { ...props, description: `Logdrive ${stage.stage}: Kafka` });
    const { subnetIds } = network.vpc.selectSubnets(network.subnets);
    const cluster =
      stage.stream.kind === 'serverless' ? this.serverless(stage, network, subnetIds) : this.brokered(stage, network, subnetIds);
    cluster.applyRemovalPolicy(stage.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
    this.arn = cluster.attrArn;
    this.brokers = this.bootstrapBrokers(cluster.attrArn);
    new CfnOutput(this, 'ClusterArn', { value: this.arn });
    new CfnOutput(this, 'Brokers', { value: this.brokers, description: 'Reachable from within the network, with IAM' });
  }

  private brokered(stage: StageSettings, network: NetworkStack, clientSubnets: string[]): msk.CfnCluster {
    const { kind, instanceType, brokers, storageGiB, replication, minInSync, retentionHours } = stage.stream;
    const isExpress = kind === 'express';
    const key = new kms.Key(this, 'Key', { description: `Logdrive ${stage.stage}: Kafka`, enableKeyRotation: true });
    // Express sets replication and in-sync copies itself, to 3 and 2, and refuses them in a configuration.
    const properties = {
      'auto.create.topics.enable': false,
      'log.retention.hours': retentionHours,
      ...(isExpress
        ? {}
        : { 'default.replication.factor': replication, 'min.insync.replicas': minInSync, 'unclean.leader.election.enable': false }),
    };
    const configuration = new msk.CfnConfiguration(this, 'Configuration', {
      name: `logdrive-${stage.stage}`,
      kafkaVersionsList: ['3.8.x'],
      serverProperties: Object.entries(properties)
        .map(([name, value]) => `${name}=${value}`)
        .join('\n'),
    });
    const brokerLogs = new logs.LogGroup(this, 'BrokerLogs', { retention: stage.functions.logDays as logs.RetentionDays });
    return new msk.CfnCluster(this, 'Cluster', {
      clusterName: `logdrive-${stage.stage}`,
      kafkaVersion: '3.8.x',
      numberOfBrokerNodes: brokers,
      brokerNodeGroupInfo: {
        instanceType,
        clientSubnets,
        securityGroups: [network.brokers.securityGroupId],
        ...(isExpress ? {} : { storageInfo: { ebsStorageInfo: { volumeSize: storageGiB } } }),
      },
      clientAuthentication: { sasl: { iam: { enabled: true } }, unauthenticated: { enabled: false } },
      encryptionInfo: {
        encryptionAtRest: { dataVolumeKmsKeyId: key.keyArn },
        encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
      },
      configurationInfo: { arn: configuration.attrArn, revision: configuration.attrLatestRevisionRevision as unknown as number },
      enhancedMonitoring: 'PER_TOPIC_PER_BROKER',
      loggingInfo: { brokerLogs: { cloudWatchLogs: { enabled: true, logGroup: brokerLogs.logGroupName } } },
    });
  }

  private serverless(stage: StageSettings, network: NetworkStack, subnetIds: string[]): msk.CfnServerlessCluster {
    return new msk.CfnServerlessCluster(this, 'Cluster', {
      clusterName: `logdrive-${stage.stage}`,
      clientAuthentication: { sasl: { iam: { enabled: true } } },
      vpcConfigs: [{ subnetIds, securityGroups: [network.brokers.securityGroupId] }],
    });
  }

  /** CloudFormation does not tell the addresses of a cluster's brokers; the API does. */
  private bootstrapBrokers(arn: string): string {
    const call: custom.AwsSdkCall = {
      service: 'Kafka',
      action: 'GetBootstrapBrokers',
      parameters: { ClusterArn: arn },
      physicalResourceId: custom.PhysicalResourceId.of('brokers'),
      outputPaths: ['BootstrapBrokerStringSaslIam'],
    };
    const lookup = new custom.AwsCustomResource(this, 'BootstrapBrokers', {
      onCreate: call,
      onUpdate: call,
      installLatestAwsSdk: false,
      logGroup: new logs.LogGroup(this, 'LookupLogs', { retention: logs.RetentionDays.ONE_WEEK, removalPolicy: RemovalPolicy.DESTROY }),
      policy: custom.AwsCustomResourcePolicy.fromStatements([
        new iam.PolicyStatement({ actions: ['kafka:GetBootstrapBrokers'], resources: [arn] }),
      ]),
    });
    // One function serves every lookup of a stack; CDK makes it beside, with a managed policy for its logs.
    acknowledge(this, {
      'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
        'The lookup of brokers runs on deployment only, and writes nothing but its log.',
      L1: 'CDK chooses the runtime of the lookup.',
    });
    return lookup.getResponseField('BootstrapBrokerStringSaslIam');
  }
}
