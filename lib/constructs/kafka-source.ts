import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Trigger } from '../../lambdas/function-manifest.ts';
import type { Parts } from '../parts.ts';
import type { LogFunction } from './log-function.ts';

export type KafkaSourceProps = { consumer: LogFunction; trigger: Extract<Trigger, { kind: 'kafka' }>; parts: Parts };

/**
 * Feeds a topic to a function: each partition in order, from its beginning, again and again until the function takes a batch. No destination
 * for failures: what went there would be lost to the sinks and out of order; the function itself sets poison aside.
 */
export class KafkaSource extends Construct {
  readonly mapping: lambda.EventSourceMapping;

  constructor(scope: Construct, id: string, { consumer, trigger, parts }: KafkaSourceProps) {
    super(scope, id);
    const { stage, stream, topicPrefix } = parts;
    if (!stream.arn) throw new Error('an event source of a Kafka outside MSK is polled by logdrive itself: see scripts/deploy');
    const { pollers } = stage.functions;
    this.mapping = new lambda.EventSourceMapping(this, 'Mapping', {
      target: consumer.fn,
      eventSourceArn: stream.arn,
      kafkaTopic: `${topicPrefix}${trigger.topic}`,
      startingPosition: lambda.StartingPosition.TRIM_HORIZON,
      batchSize: trigger.batchSize,
      maxBatchingWindow: Duration.seconds(trigger.windowS),
      ...(pollers === 'on-demand'
        ? {}
        : {
            provisionedPollerConfig: {
              ...{ minimumPollers: pollers.min, maximumPollers: pollers.max },
              // One group: a poller that a quiet topic leaves idle serves the next.
              pollerGroupName: `logdrive-${stage.stage}`,
            },
          }),
    });
  }
}
