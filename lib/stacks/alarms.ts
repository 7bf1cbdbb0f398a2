import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { LogFunction } from '../constructs/log-function.ts';
import { RunbookAlarm, type RunbookAlarmProps } from '../constructs/runbook-alarm.ts';
import { clusterMetric, domainMetric, logdriveMetric, offsetLag } from '../metrics.ts';
import type { Parts } from '../parts.ts';

export type AlarmsProps = StackProps & { parts: Parts; functions: Map<string, LogFunction> };

/** Alarms on what is not one function's or queue's own affair: lag, the ledger, the canary, growth, the clusters. */
export class AlarmsStack extends Stack {
  constructor(scope: Construct, id: string, { parts, functions, ...props }: AlarmsProps) {
    super(scope, id, { ...props, description: `Logdrive ${parts.stage.stage}: alarms` });
    const { stage, storage, stream, search } = parts;
    const raise = (id: string, alarm: Omit<RunbookAlarmProps, 'stage' | 'topic'>) =>
      new RunbookAlarm(this, id, { stage, topic: storage.alarms, ...alarm });

    // The canary looks at the ledger each minute, beside its own record.
    const canary = { function: 'canary' };
    raise('LedgerResidue', {
      name: 'ledger-residue',
      metric: logdriveMetric(stage, 'ledger_oldest_open_seconds', 'Maximum', canary),
      threshold: 600,
      periods: 3,
    });
    raise('CanaryMissing', {
      ...{ name: 'canary-missing', metric: logdriveMetric(stage, 'canary_lag_seconds', 'SampleCount', canary), threshold: 1, below: true },
      ...{ periods: 10, missingIsBad: true },
    });
    if (stage.storage.growthGiBPerDay > 0)
      raise('StorageGrowth', {
        name: 'storage-growth',
        metric: growthPerDay(storage.bucket.bucketName),
        threshold: stage.storage.growthGiBPerDay * 2 ** 30,
      });

    for (const [name, { fn }] of functions)
      if (['index', 'archive', 'take-in', 'publish-parsed'].includes(name) && stream.arn)
        raise(`Lag-${name}`, { name: 'consumer-lag', subject: name, metric: offsetLag(fn.functionName), threshold: 100_000, periods: 10 });

    const { kind } = stage.stream;
    if (kind === 'provisioned')
      raise('KafkaDisk', {
        name: 'kafka-disk',
        metric: clusterMetric(stage, 'KafkaDataLogsDiskUsed', 'Maximum'),
        threshold: 75,
        periods: 3,
      });
    if (kind === 'provisioned' || kind === 'express')
      raise('KafkaOffline', {
        name: 'kafka-offline',
        metric: clusterMetric(stage, 'OfflinePartitionsCount', 'Maximum'),
        threshold: 0,
        periods: 3,
      });

    if (stage.search && search?.arn) {
      // One node alone holds no replicas: yellow is its health.
      const health = stage.search.replicas > 0 ? 'ClusterStatus.yellow' : 'ClusterStatus.red';
      raise('SearchHealth', { name: 'search-health', metric: domainMetric(this, stage, health, 'Maximum'), threshold: 0, periods: 5 });
      const freeMiB = (stage.search.storageGiB * 1024) / 4;
      raise('SearchDisk', {
        name: 'search-disk',
        metric: domainMetric(this, stage, 'FreeStorageSpace', 'Minimum'),
        threshold: freeMiB,
        below: true,
        periods: 3,
      });
    }
  }
}

/** Bytes by which a bucket grew since the day before; S3 measures once a day. */
const growthPerDay = (bucketName: string): cloudwatch.IMetric =>
  new cloudwatch.MathExpression({
    expression: 'DIFF(size)',
    label: 'growth in a day',
    period: Duration.days(1),
    usingMetrics: {
      size: new cloudwatch.Metric({
        namespace: 'AWS/S3',
        metricName: 'BucketSizeBytes',
        dimensionsMap: { BucketName: bucketName, StorageType: 'StandardStorage' },
        statistic: 'Average',
        period: Duration.days(1),
      }),
    },
  });
