import { ArnFormat, Duration, RemovalPolicy, Size, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type * as z from 'zod';
import type { FunctionManifest } from '../../lambdas/function-manifest.ts';
import { acknowledgePattern } from '../guards/acknowledge.ts';
import type { Parts } from '../parts.ts';
import { type Grant, grantsOf } from '../permissions.ts';
import { resourcesOfScans } from './large-scans.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

/**
 * A function as its manifest says: its environment checked against the manifest's schema, a role with what it needs and no more, logs that
 * are kept for a while, tracing, alarms on errors and throttles. @throws Error when a variable that the manifest asks for is not given
 */
export class LogFunction<Env extends z.ZodObject = z.ZodObject> extends Construct {
  readonly fn: lambda.Function;
  readonly role: iam.Role;

  constructor(scope: Construct, manifest: FunctionManifest<Env>, environment: Partial<z.input<Env>>, parts: Parts) {
    const { name, needs } = manifest;
    super(scope, name);
    const { stage, network } = parts;
    const functionName = `logdrive-${stage.stage}-${name}`;
    const isInside = network !== undefined && needsNetwork(manifest, parts);
    const logGroup = new logs.LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: stage.functions.logDays as logs.RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = needs.hot === 'admin' && parts.search?.admin ? parts.search.admin : this.makeRole(functionName);
    const logsOfItsOwn = Stack.of(this).formatArn({
      ...{ service: 'logs', resource: 'log-group', resourceName: `/aws/lambda/${functionName}:*` },
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.allow('logs', ['logs:CreateLogStream', 'logs:PutLogEvents'], [logsOfItsOwn], 'Lambda names the streams of the log group.');
    for (const { on, actions } of grantsOf(needs)) this.allow(on, actions, resourcesOf(on, parts, Stack.of(this)), reasons[on] ?? '');

    this.fn = new lambda.Function(this, 'Function', {
      functionName,
      description: manifest.description,
      code: lambda.Code.fromAsset(parts.bundleOf(name)),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: manifest.architecture === 'arm64' ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64,
      memorySize: manifest.memoryMb,
      timeout: Duration.seconds(manifest.timeoutS),
      ...(manifest.temporaryMb ? { ephemeralStorageSize: Size.mebibytes(manifest.temporaryMb) } : {}),
      environment: checked(manifest, environment),
      role: this.role,
      logGroup,
      tracing: lambda.Tracing.ACTIVE,
      ...(stage.functions.reserved[name] ? { reservedConcurrentExecutions: stage.functions.reserved[name] } : {}),
      ...(isInside ? { vpc: network.vpc, vpcSubnets: network.subnets, securityGroups: [network.functions] } : {}),
    });
    if (isInside || needs.kafka === 'read' || needs.kafka === 'read-write') this.allowInterfaces();
    acknowledgePattern(this.role, '*', everything);
    this.addAlarms(parts);
  }

  private makeRole(functionName: string): iam.Role {
    return new iam.Role(this, 'Role', {
      description: `What ${functionName} may do: its manifest's needs`,
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
  }

  private allow(sid: string, actions: string[], resources: string[], reason: string): void {
    if (resources.length === 0) return;
    this.role.addToPrincipalPolicy(new iam.PolicyStatement({ sid: sid.replace(/^./, (first) => first.toUpperCase()), actions, resources }));
    for (const resource of resources) if (resource.includes('*')) acknowledgePattern(this.role, resource, reason);
  }

  /** What Lambda itself does with the role: interfaces in the network, for the function and for the pollers of its event source. */
  private allowInterfaces(): void {
    const actions = [
      'CreateNetworkInterface',
      'DescribeNetworkInterfaces',
      'DeleteNetworkInterface',
      'DescribeVpcs',
      'DescribeSubnets',
      'DescribeSecurityGroups',
      'AssignPrivateIpAddresses',
      'UnassignPrivateIpAddresses',
    ];
    this.allow(
      'interfaces',
      actions.map((action) => `ec2:${action}`),
      ['*'],
      everything,
    );
  }

  private addAlarms({ stage, storage: { alarms: topic } }: Parts): void {
    const subject = this.node.id;
    const period = Duration.minutes(5);
    new RunbookAlarm(this, 'Errors', {
      stage,
      topic,
      subject,
      name: 'function-errors',
      metric: this.fn.metricErrors({ period }),
      threshold: 0,
      periods: 2,
    });
    new RunbookAlarm(this, 'Throttles', {
      stage,
      topic,
      subject,
      name: 'function-throttles',
      metric: this.fn.metricThrottles({ period }),
      threshold: 0,
      periods: 3,
    });
  }
}

/** Kafka's own clients and OpenSearch's domain are reached from within the network only. */
const needsNetwork = ({ needs, env }: FunctionManifest, { search }: Parts): boolean =>
  'LOGDRIVE_BROKERS' in env.shape || (needs.hot !== undefined && search?.arn !== undefined);

function checked<Env extends z.ZodObject>(
  { name, env }: FunctionManifest<Env>,
  environment: Partial<z.input<Env>>,
): Record<string, string> {
  const own = Object.fromEntries(
    Object.entries(environment).filter(([variable, value]) => variable in env.shape && value !== undefined && value !== ''),
  ) as Record<string, string>;
  const { error } = env.safeParse(own);
  if (error) throw new Error(`function ${name}: ${error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`);
  return own;
}

const everything = 'X-Ray and the network interfaces of Lambda know no resource that could be named.';
/** Why some things are named by a pattern. */
const reasons: Partial<Record<Grant['on'], string>> = {
  objects: 'Files are named by their content: what may be done to one may be done to all of this bucket.',
  hot: 'Paths of the domain are its API; what may be read in it is up to its own roles.',
  catalogue: 'Tables with columns of attributes are named by a hash of them.',
  attributeTables: 'Tables with columns of attributes are named by a hash of them.',
  results: 'Athena names results by the id of the query.',
  topics: 'The topics of this stage, by their prefix; the cluster is named, its random part is not known before it is there.',
  groups: 'Lambda names the consumer group of an event source by a random id.',
  cluster: 'The cluster is named; its random part is not known before it is there.',
  mail: 'From which verified address mail is sent is a setting of the channel.',
};

/** ARNs of a thing, by name where it has a pattern; empty where the stage has none of it (an external Kafka, no OpenSearch). */
function resourcesOf(on: Grant['on'], { storage, stream, search, stage, topicPrefix }: Parts, stack: Stack): string[] {
  const { bucket, table, key, deadLetters, people } = storage;
  const ofKafka = (resource: string, name = '') =>
    stream.arn ? [stack.formatArn({ service: 'kafka', resource, resourceName: `logdrive-${stage.stage}/*${name}` })] : [];
  const resources: Record<Grant['on'], () => string[]> = {
    table: () => [table.tableArn],
    bucket: () => [bucket.bucketArn],
    objects: () => [stack.formatArn({ service: 's3', region: '', account: '', resource: storage.bucketName, resourceName: '*' })],
    key: () => [key.keyArn],
    dlq: () => [deadLetters.queue.queueArn],
    topic: () => [people.topicArn],
    mail: () => [stack.formatArn({ service: 'ses', resource: 'identity', resourceName: '*' })],
    hot: () => (search?.arn ? [`${search.arn}/*`] : []),
    ...resourcesOfScans(stage, storage.bucketName, stack),
    cluster: () => ofKafka('cluster'),
    topics: () => ofKafka('topic', `/${topicPrefix}*`),
    groups: () => ofKafka('group', '/*'),
  };
  return resources[on]();
}
