import { CfnOutput, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { interfaceEndpoints } from '../cost/interface-endpoints.ts';
import type { StageSettings } from '../stages.ts';

/**
 * The network of a stage: private subnets without a way out, gateway endpoints for S3 and DynamoDB (free), and interface endpoints for the
 * rest or a NAT gateway a zone. All security groups are here, so that no two stacks need each other.
 */
export class NetworkStack extends Stack {
  readonly vpc: ec2.IVpc;
  readonly subnets: ec2.SubnetSelection;
  /** Functions inside the network. */
  readonly functions: ec2.SecurityGroup;
  readonly brokers: ec2.SecurityGroup;
  readonly searchNodes: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, { stage, ...props }: StackProps & { stage: StageSettings }) {
    super(scope, id, { ...props, description: `Logdrive ${stage.stage}: network` });
    const hasNat = stage.egress === 'nat';
    const subnetType = hasNat ? ec2.SubnetType.PRIVATE_WITH_EGRESS : ec2.SubnetType.PRIVATE_ISOLATED;
    const made = new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr('10.40.0.0/16'),
      // By index, not by name: a template without account and region has three zones as well.
      availabilityZones: Array.from({ length: stage.zones }, (_, zone) => Fn.select(zone, Fn.getAzs())),
      natGateways: hasNat ? stage.zones : 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'private', subnetType, cidrMask: 20 },
        ...(hasNat ? [{ name: 'public', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false }] : []),
      ],
      gatewayEndpoints: {
        S3: { service: ec2.GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB },
      },
      flowLogs: {
        Rejected: {
          trafficType: ec2.FlowLogTrafficType.REJECT,
          destination: ec2.FlowLogDestination.toCloudWatchLogs(
            new logs.LogGroup(this, 'FlowLogs', { retention: stage.functions.logDays as logs.RetentionDays }),
          ),
        },
      },
    });
    // The class declares as optional-or-undefined what its interface declares as optional: under exactOptionalPropertyTypes that is no match.
    const vpc = made as unknown as ec2.IVpc;
    this.vpc = vpc;
    this.subnets = { subnetType };

    const group = (name: string, description: string) =>
      new ec2.SecurityGroup(this, name, { vpc, description: `Logdrive ${stage.stage}: ${description}`, allowAllOutbound: true });
    this.functions = group('Functions', 'functions that talk to Kafka or OpenSearch');
    this.brokers = group('Brokers', 'Kafka brokers, and the pollers of event sources');
    this.searchNodes = group('SearchNodes', 'OpenSearch nodes');
    // MSK listens for IAM on 9098; event sources poll from within the brokers' own group.
    this.brokers.addIngressRule(this.functions, ec2.Port.tcp(9098), 'functions to Kafka, IAM over TLS');
    this.brokers.addIngressRule(this.brokers, ec2.Port.tcp(9098), 'event sources to Kafka, IAM over TLS');
    this.searchNodes.addIngressRule(this.functions, ec2.Port.tcp(443), 'functions to OpenSearch');

    if (stage.egress === 'endpoints') this.addEndpoints(vpc, stage);
    new CfnOutput(this, 'VpcId', {
      value: vpc.vpcId,
      description: 'Attach a VPN or a bastion here to reach Dashboards of a private domain',
    });
  }

  private addEndpoints(vpc: ec2.IVpc, stage: StageSettings): void {
    const security = new ec2.SecurityGroup(this, 'Endpoints', {
      vpc,
      description: `Logdrive ${stage.stage}: interface endpoints`,
      allowAllOutbound: false,
    });
    for (const [client, who] of [
      [this.functions, 'functions'],
      [this.brokers, 'event sources'],
    ] as const)
      security.addIngressRule(client, ec2.Port.tcp(443), `${who} to services`);
    for (const service of interfaceEndpoints(stage))
      vpc.addInterfaceEndpoint(service, {
        service: new ec2.InterfaceVpcEndpointAwsService(service),
        subnets: { subnets: vpc.isolatedSubnets.slice(0, stage.endpointZones) },
        securityGroups: [security],
        open: false,
      });
  }
}
