import { Aws, CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { AlarmedQueue } from '../constructs/alarmed-queue.ts';
import { LargeScans, resultsPrefix } from '../constructs/large-scans.ts';
import { acknowledge } from '../guards/acknowledge.ts';
import type { StageSettings } from '../stages.ts';

/** Everything that holds data: files, state, dead letters. Retained when its stack goes. Beside it the topic that alarms go to. */
export class StorageStack extends Stack {
  readonly key: kms.Key;
  readonly bucket: s3.Bucket;
  /** Known without asking the bucket, so that policies of other stacks can name its objects. */
  readonly bucketName: string;
  readonly table: dynamodb.Table;
  readonly deadLetters: AlarmedQueue;
  /** What CloudWatch tells its alarms to. */
  readonly alarms: sns.Topic;
  /** What the notify function tells people by, once it has grouped and silenced. */
  readonly people: sns.Topic;

  constructor(scope: Construct, id: string, { stage, ...props }: StackProps & { stage: StageSettings }) {
    super(scope, id, { ...props, description: `Logdrive ${stage.stage}: files, state, dead letters` });
    const removalPolicy = stage.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.key = new kms.Key(this, 'Key', { description: `Logdrive ${stage.stage}: data at rest`, enableKeyRotation: true, removalPolicy });
    // An alarm that may not use the key of its topic is lost without a sound.
    this.key.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );

    this.bucketName = `logdrive-${stage.stage}-${Aws.ACCOUNT_ID}-${Aws.REGION}`;
    this.bucket = new s3.Bucket(this, 'Files', {
      bucketName: this.bucketName,
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: this.key,
      bucketKeyEnabled: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      lifecycleRules: lifecycleRules(stage),
      removalPolicy,
    });
    acknowledge(this.bucket, {
      S1: 'A query reads many ranges of many files: access logs would outgrow what they watch. CloudTrail data events tell who read, where wanted (docs/deploy.md).',
    });

    if (stage.largeScans)
      new LargeScans(this, 'LargeScans', { stage, settings: stage.largeScans, bucketName: this.bucketName, key: this.key });

    this.table = new dynamodb.Table(this, 'State', {
      partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: stage.retain,
      removalPolicy,
    });

    this.alarms = new sns.Topic(this, 'Alarms', { displayName: `Logdrive ${stage.stage}`, masterKey: this.key, enforceSSL: true });
    this.alarms.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.alarms.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    this.people = new sns.Topic(this, 'People', { displayName: `Logdrive ${stage.stage}`, masterKey: this.key, enforceSSL: true });
    // Straight from CloudWatch: a fault of ours cannot keep these back.
    for (const address of stage.alarmEmails) this.alarms.addSubscription(new subscriptions.EmailSubscription(address));

    this.deadLetters = new AlarmedQueue(this, 'DeadLetters', {
      stage,
      encryptionKey: this.key,
      alarms: this.alarms,
      alarm: 'dead-letters',
      removalPolicy,
      retention: Duration.days(14),
      // A letter is read by the redrive function again and again until it is settled.
      visibilityTimeout: Duration.minutes(10),
      reasonForNoDeadLetters: 'This is the queue of dead letters; a letter leaves it when it was redriven or discarded.',
    });

    new CfnOutput(this, 'FilesBucket', { value: this.bucket.bucketName, description: 'Parquet: docs/storage.md says how others read it' });
    new CfnOutput(this, 'StateTable', { value: this.table.tableName });
    new CfnOutput(this, 'DeadLetterQueue', { value: this.deadLetters.queue.queueUrl, description: 'Read it with `logdrive dlq list`' });
    new CfnOutput(this, 'AlarmTopic', { value: this.alarms.topicArn, description: 'Subscribe to it to be told of alarms' });
  }
}

/**
 * Moves compacted files (`tenant=…`) to colder classes and removes the older versions of what the catalogue has deleted. Of current objects only
 * the results of Athena's queries expire, and neither level 0 nor bodies of dead letters change their class.
 */
export function lifecycleRules({ storage, largeScans }: StageSettings): s3.LifecycleRule[] {
  const { glacierAfterDays, deepArchiveAfterDays, removedDays } = storage;
  const days = (count: number, storageClass: s3.StorageClass): s3.Transition[] =>
    count > 0 ? [{ storageClass, transitionAfter: Duration.days(count) }] : [];
  const transitions = [
    ...days(glacierAfterDays, s3.StorageClass.GLACIER_INSTANT_RETRIEVAL),
    ...days(deepArchiveAfterDays, s3.StorageClass.DEEP_ARCHIVE),
  ];
  return [
    ...(transitions.length > 0 ? [{ id: 'compacted-files-grow-cold', prefix: 'tenant=', transitions }] : []),
    ...(largeScans ? [{ id: 'query-results-leave', prefix: resultsPrefix, expiration: Duration.days(largeScans.resultDays) }] : []),
    ...(removedDays > 0
      ? [
          {
            id: 'removed-files-leave',
            noncurrentVersionExpiration: Duration.days(removedDays),
            expiredObjectDeleteMarker: true,
            abortIncompleteMultipartUploadAfter: Duration.days(1),
          },
        ]
      : []),
  ];
}
