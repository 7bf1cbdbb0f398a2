import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Trigger } from '../../lambdas/function-manifest.ts';
import type { LogFunction } from '../constructs/log-function.ts';
import { RunbookAlarm } from '../constructs/runbook-alarm.ts';
import { Shield } from '../constructs/shield.ts';
import { gatewayProblems } from '../gateway-problems.ts';
import { acknowledge } from '../guards/acknowledge.ts';
import type { Parts } from '../parts.ts';
import { addFunction, functionsOf, hasRoutes } from './functions.ts';

/** The HTTP API: a REST API whose routes are those of the manifests, with every function that serves one. */
export class IngestStack extends Stack {
  readonly api: apigateway.RestApi;
  readonly functions = new Map<string, LogFunction>();

  constructor(scope: Construct, id: string, { parts, ...props }: StackProps & { parts: Parts }) {
    const { stage } = parts;
    super(scope, id, { ...props, description: `Logdrive ${stage.stage}: HTTP API` });
    this.api = this.makeApi(parts);
    for (const manifest of functionsOf(parts).filter(hasRoutes)) {
      const made = addFunction(this, manifest, parts);
      this.functions.set(manifest.name, made);
      for (const trigger of manifest.triggers) if (trigger.kind === 'http') this.addRoute(made, trigger);
    }
    for (const { type, status, template } of gatewayProblems)
      this.api.addGatewayResponse(type, {
        type: apigateway.ResponseType.of(type),
        ...(status ? { statusCode: String(status) } : {}),
        responseHeaders: { 'Content-Type': "'application/problem+json'", 'x-request-id': 'context.requestId' },
        templates: { 'application/json': template },
      });
    if (stage.api.wafRequestsPer5Min > 0) new Shield(this, 'Shield', { stage, api: this.api });
    this.addAlarms(parts);
    this.addOutputs(parts);
  }

  private makeApi({ stage }: Parts): apigateway.RestApi {
    const { rate, burst } = stage.api.throttle;
    const accessLogs = new logs.LogGroup(this, 'AccessLogs', {
      retention: stage.functions.logDays as logs.RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const api = new apigateway.RestApi(this, 'Api', {
      restApiName: `logdrive-${stage.stage}`,
      description: `Logdrive ${stage.stage}`,
      endpointTypes: [apigateway.EndpointType.REGIONAL],
      // Bodies come compressed: what they are is for the function to say.
      binaryMediaTypes: ['*/*'],
      cloudWatchRole: true,
      cloudWatchRoleRemovalPolicy: RemovalPolicy.DESTROY,
      deployOptions: {
        stageName: stage.stage,
        throttlingRateLimit: rate,
        throttlingBurstLimit: burst,
        metricsEnabled: true,
        tracingEnabled: true,
        loggingLevel: apigateway.MethodLoggingLevel.ERROR,
        accessLogDestination: new apigateway.LogGroupLogDestination(accessLogs),
        accessLogFormat: apigateway.AccessLogFormat.custom(
          JSON.stringify({
            requestId: '$context.requestId',
            time: '$context.requestTimeEpoch',
            ip: '$context.identity.sourceIp',
            method: '$context.httpMethod',
            path: '$context.path',
            status: '$context.status',
            latencyMs: '$context.responseLatency',
            bytes: '$context.responseLength',
            error: '$context.error.message',
            waf: '$context.wafResponseCode',
          }),
        ),
      },
    });
    api.addUsagePlan('Plan', {
      name: `logdrive-${stage.stage}`,
      description: 'Best effort, for all callers together; limits of a key are the setting rateLimit',
      throttle: { rateLimit: rate, burstLimit: burst },
      apiStages: [{ stage: api.deploymentStage }],
    });
    const reasons = {
      APIG2: 'Functions check bodies themselves, with errors that name the place; API Gateway would have to read log text as JSON.',
      APIG3: 'WAF is a setting of the stage (api.wafRequestsPer5Min); below it throttling and keys stand.',
      APIG4: 'Keys of our own are checked in the function: a cached authorizer needs one identity source, and two headers are allowed.',
      COG4: 'Senders of logs are programs with keys, no people with an account.',
      'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]':
        'The role by which API Gateway writes its logs, one an account; this policy is the one AWS asks for.',
    };
    acknowledge(api, reasons);
    return api;
  }

  private addRoute({ fn }: LogFunction, { method, path, streams }: Extract<Trigger, { kind: 'http' }>): void {
    const integration = new apigateway.LambdaIntegration(fn, {
      allowTestInvoke: false,
      ...(streams ? { responseTransferMode: apigateway.ResponseTransferMode.STREAM, timeout: Duration.minutes(15) } : {}),
    });
    this.api.root.resourceForPath(path).addMethod(method, integration);
  }

  private addAlarms({ stage, storage: { alarms: topic } }: Parts): void {
    const period = Duration.minutes(1);
    new RunbookAlarm(this, 'Failing', {
      stage,
      topic,
      name: 'api-5xx',
      metric: this.api.metricServerError({ period, statistic: 'Sum' }),
      threshold: 0,
      periods: 3,
    });
    new RunbookAlarm(this, 'Slow', {
      stage,
      topic,
      name: 'api-latency',
      metric: this.api.metricLatency({ period: Duration.minutes(5), statistic: 'p95' }),
      threshold: 5_000,
      periods: 3,
    });
  }

  private addOutputs({ stage }: Parts): void {
    const { url } = this.api;
    const say = (name: string, value: string, description: string) => new CfnOutput(this, name, { value, description });
    say('Url', url, 'The address of the API; `logdrive` takes it as --url or LOGDRIVE_URL');
    say('Step1MakeKey', `npx logdrive keys create first --stage ${stage.stage}`, 'Makes the first key; it is shown once');
    say('Step2Send', `curl ${url}logs -H "x-api-key: $LOGDRIVE_KEY" -d '{"message":"hello"}'`, 'Sends the first record: 202 and a receipt');
    say('Step3Look', `curl "${url}api/logs?search=hello" -H "x-api-key: $LOGDRIVE_KEY"`, 'Finds it');
    say('Step4Check', `npx logdrive doctor --stage ${stage.stage}`, 'Checks the stage');
  }
}
