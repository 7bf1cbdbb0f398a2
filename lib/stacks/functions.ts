import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as sources from 'aws-cdk-lib/aws-lambda-event-sources';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { FunctionManifest } from '../../lambdas/function-manifest.ts';
import { manifests } from '../../lambdas/registry.ts';
import { AlarmedQueue } from '../constructs/alarmed-queue.ts';
import { LogFunction } from '../constructs/log-function.ts';
import { environmentOf } from '../environment.ts';
import type { Parts } from '../parts.ts';

/** Functions of a stage, as manifests: all, but for those that only serve a hot store where there is none, or what is switched off. */
export const functionsOf = ({ search, stage }: Pick<Parts, 'search' | 'stage'>): FunctionManifest[] =>
  manifests.filter(
    ({ env, only }) =>
      (only === undefined || stage.stream[only]) &&
      (search !== undefined || env.safeParse({}).error?.issues.every(({ path }) => path[0] !== 'LOGDRIVE_HOT_URL')),
  );

export const hasRoutes = ({ triggers }: FunctionManifest): boolean => triggers.some(({ kind }) => kind === 'http');

/** Makes a function and what calls it on its own: schedules, queues, events, alarms. Kafka, routes and CloudFormation are their stacks' part. */
export function addFunction(scope: Construct, manifest: FunctionManifest, parts: Parts): LogFunction {
  const made = new LogFunction(scope, manifest, environmentOf(parts), parts);
  const { stage, storage } = parts;
  for (const [index, trigger] of manifest.triggers.entries()) {
    const id = `Trigger${index}`;
    if (trigger.kind === 'schedule')
      new events.Rule(made, id, {
        description: `${manifest.name}: ${trigger.every}`,
        schedule: events.Schedule.expression(trigger.every),
        targets: [
          new targets.LambdaFunction(made.fn, { event: events.RuleTargetInput.fromObject({ pass: trigger.pass }), retryAttempts: 0 }),
        ],
      });
    if (trigger.kind === 'queue') {
      const { queue } = new AlarmedQueue(made, `${trigger.queue}-queue`, {
        ...{ stage, encryptionKey: storage.key, alarms: storage.alarms, alarm: 'redrive-failures' as const },
        removalPolicy: RemovalPolicy.DESTROY,
        retention: Duration.days(4),
        // Six times the function's time, as Lambda advises.
        visibilityTimeout: Duration.seconds(6 * manifest.timeoutS),
        maxReceiveCount: 5,
      });
      made.fn.addEventSource(new sources.SqsEventSource(queue, { batchSize: trigger.batchSize, reportBatchItemFailures: trigger.partial }));
    }
    if (trigger.kind === 'events')
      new events.Rule(made, id, {
        description: `${manifest.name}: ${trigger.pattern['detail-type'].join(', ')}`,
        eventPattern: {
          source: trigger.pattern.source,
          detailType: trigger.pattern['detail-type'],
        },
        targets: [new targets.LambdaFunction(made.fn)],
      });
    if (trigger.kind === 'alarms') storage.alarms.addSubscription(new subscriptions.LambdaSubscription(made.fn));
  }
  return made;
}
