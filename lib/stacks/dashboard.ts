import { Stack, type StackProps } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { LogFunction } from '../constructs/log-function.ts';
import { clusterMetric, domainMetric, logdriveMetric, offsetLag } from '../metrics.ts';
import type { Parts } from '../parts.ts';
import { runbooks } from '../runbooks.ts';
import type { IngestStack } from './ingest.ts';

export type DashboardProps = StackProps & { parts: Parts; ingest: IngestStack; functions: Map<string, LogFunction> };

/** One page of CloudWatch in the order of a record's way: API, Kafka, consumers, stores, ledger. */
export class DashboardStack extends Stack {
  constructor(scope: Construct, id: string, { parts, ingest, functions, ...props }: DashboardProps) {
    const { stage, storage, stream, search } = parts;
    super(scope, id, { ...props, description: `Logdrive ${stage.stage}: dashboard` });
    const graph = (title: string, left: cloudwatch.IMetric[], right: cloudwatch.IMetric[] = []) =>
      new cloudwatch.GraphWidget({ title, left, right, width: 8, liveData: true });
    const all = [...functions.values()].map(({ fn }) => fn);
    const consumers = ['index', 'archive', 'take-in', 'publish-parsed'].flatMap((name) => functions.get(name)?.fn.functionName ?? []);
    const { api } = ingest;

    const rows: cloudwatch.IWidget[][] = [
      [
        new cloudwatch.TextWidget({
          width: 24,
          height: 1,
          markdown: `**Logdrive ${stage.stage}** · an alarm's name is its section in the [runbooks](${runbooks})`,
        }),
      ],
      [
        graph('requests, errors', [api.metricCount(), api.metricClientError(), api.metricServerError()]),
        graph('latency ms', [
          api.metricLatency({ statistic: 'p50' }),
          api.metricLatency({ statistic: 'p95' }),
          api.metricLatency({ statistic: 'p99' }),
        ]),
        graph(
          'records accepted',
          [logdriveMetric(stage, 'logs_ingested_total', 'Sum', { function: 'ingest' })],
          [logdriveMetric(stage, 'logs_rejected_total', 'Sum', { function: 'ingest' })],
        ),
      ],
      [
        graph('lag of consumers (records)', consumers.map(offsetLag)),
        graph('oldest record under way (s)', [logdriveMetric(stage, 'ledger_oldest_open_seconds', 'Maximum', { function: 'canary' })]),
        graph('canary (s)', [logdriveMetric(stage, 'canary_lag_seconds', 'Maximum', { function: 'canary' })]),
      ],
      [
        graph(
          'errors of functions',
          all.map((fn) => fn.metricErrors({ label: fn.node.scope!.node.id })),
        ),
        graph(
          'throttles',
          all.map((fn) => fn.metricThrottles({ label: fn.node.scope!.node.id })),
        ),
        graph(
          'duration p95 (ms)',
          all.map((fn) => fn.metricDuration({ statistic: 'p95', label: fn.node.scope!.node.id })),
        ),
      ],
      [
        graph('dead letters', [storage.deadLetters.queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' })]),
        graph(
          'state: capacity units',
          [storage.table.metricConsumedReadCapacityUnits({ statistic: 'Sum' })],
          [storage.table.metricConsumedWriteCapacityUnits({ statistic: 'Sum' })],
        ),
        ...(search?.arn
          ? [
              graph(
                'OpenSearch: CPU, free MiB',
                [domainMetric(this, stage, 'CPUUtilization', 'Maximum')],
                [domainMetric(this, stage, 'FreeStorageSpace', 'Minimum')],
              ),
            ]
          : []),
      ],
      ...(stream.arn
        ? [
            [
              graph('Kafka: bytes in', [clusterMetric(stage, 'BytesInPerSec', 'Average')]),
              graph('Kafka: offline partitions', [clusterMetric(stage, 'OfflinePartitionsCount', 'Maximum')]),
            ],
          ]
        : []),
    ];
    new cloudwatch.Dashboard(this, 'Dashboard', { dashboardName: `logdrive-${stage.stage}`, widgets: rows });
  }
}
