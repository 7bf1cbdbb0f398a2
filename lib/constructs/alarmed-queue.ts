import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '../guards/acknowledge.ts';
import type { AlarmName } from '../runbooks.ts';
import type { StageSettings } from '../stages.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

export type AlarmedQueueProps = {
  stage: StageSettings;
  encryptionKey: IKey;
  alarms: ITopic;
  /** The alarm that is raised when the queue (or, where it has one, its queue of failures) is not empty. */
  alarm: AlarmName;
  removalPolicy: RemovalPolicy;
  retention: Duration;
  visibilityTimeout: Duration;
  /** Messages that failed this often wait in a queue of their own; without it say why there is none. */
  maxReceiveCount?: number;
  reasonForNoDeadLetters?: string;
};

/** A queue that is encrypted, takes TLS only, and tells when something lies in it that nobody came for. */
export class AlarmedQueue extends Construct {
  readonly queue: sqs.Queue;

  constructor(scope: Construct, id: string, props: AlarmedQueueProps) {
    super(scope, id);
    const { encryptionKey: encryptionMasterKey, removalPolicy, maxReceiveCount } = props;
    const base = {
      encryption: sqs.QueueEncryption.KMS,
      encryptionMasterKey,
      enforceSSL: true,
      removalPolicy,
      dataKeyReuse: Duration.hours(1),
    };
    const failures = maxReceiveCount && new sqs.Queue(this, 'Failures', { ...base, retentionPeriod: Duration.days(14) });
    this.queue = new sqs.Queue(this, 'Queue', {
      ...base,
      retentionPeriod: props.retention,
      visibilityTimeout: props.visibilityTimeout,
      ...(failures ? { deadLetterQueue: { queue: failures, maxReceiveCount } } : {}),
    });
    const noQueueBehind = (reason: string) => ({ SQS3: reason });
    if (failures) acknowledge(failures, noQueueBehind('This is the queue behind another one.'));
    else acknowledge(this.queue, noQueueBehind(props.reasonForNoDeadLetters ?? ''));

    const watched = failures || this.queue;
    new RunbookAlarm(this, 'NotEmpty', {
      stage: props.stage,
      name: props.alarm,
      topic: props.alarms,
      metric: watched.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(1) }),
      threshold: 0,
    });
  }
}
