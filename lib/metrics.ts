import { Duration, Stack } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { StageSettings } from './stages.ts';

type Statistic = 'Sum' | 'Maximum' | 'Minimum' | 'Average' | 'SampleCount' | 'p95';
const period = Duration.minutes(1);

/** A metric that one of our functions writes (embedded metric format, namespace `Logdrive`). */
export const logdriveMetric = (
  { stage }: StageSettings,
  name: string,
  statistic: Statistic,
  by: { function: string; [label: string]: string },
): Metric => new Metric({ namespace: 'Logdrive', metricName: `logdrive_${name}`, dimensionsMap: { stage, ...by }, statistic, period });

/** Records that an event source has not yet handed to its function. */
export const offsetLag = (functionName: string): Metric =>
  new Metric({
    namespace: 'AWS/Lambda',
    metricName: 'OffsetLag',
    dimensionsMap: { FunctionName: functionName },
    statistic: 'Maximum',
    period,
  });

export const clusterMetric = ({ stage }: StageSettings, name: string, statistic: Statistic): Metric =>
  new Metric({ namespace: 'AWS/Kafka', metricName: name, dimensionsMap: { 'Cluster Name': `logdrive-${stage}` }, statistic, period });

export const domainMetric = (scope: Construct, { stage }: StageSettings, name: string, statistic: Statistic): Metric =>
  new Metric({
    namespace: 'AWS/ES',
    metricName: name,
    dimensionsMap: { DomainName: `logdrive-${stage}`, ClientId: Stack.of(scope).account },
    statistic,
    period,
  });
