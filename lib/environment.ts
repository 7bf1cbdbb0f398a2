import type * as z from 'zod';
import type { variables } from '../lambdas/environment.ts';
import { namesOfScans } from './constructs/large-scans.ts';
import type { Parts } from './parts.ts';

export type Variables = { [Name in keyof typeof variables]: z.input<(typeof variables)[Name]> };

/** Every variable that a function of the stage may ask for; a function gets those of its manifest. */
export function environmentOf({ stage, storage, stream, search, topicPrefix }: Parts): Partial<Variables> {
  const { functions } = stage;
  return {
    LOGDRIVE_STAGE: stage.stage,
    LOGDRIVE_LOG_LEVEL: functions.logLevel,
    LOGDRIVE_SETTINGS: JSON.stringify(functions.settings),
    LOGDRIVE_BROKERS: stream.brokers,
    LOGDRIVE_KAFKA_AUTH: stream.auth,
    LOGDRIVE_TOPIC_PREFIX: topicPrefix,
    LOGDRIVE_PARTITIONS: String(stage.stream.partitions),
    LOGDRIVE_TABLE: storage.table.tableName,
    LOGDRIVE_BUCKET: storage.bucket.bucketName,
    LOGDRIVE_DLQ_URL: storage.deadLetters.queue.queueUrl,
    LOGDRIVE_WARM_DAYS: String(stage.storage.warmDays),
    LOGDRIVE_NOTIFY_TOPIC_ARN: storage.people.topicArn,
    ...(stage.largeScans
      ? {
          LOGDRIVE_ATHENA_WORK_GROUP: namesOfScans(stage).workGroup,
          LOGDRIVE_ATHENA_DATABASE: namesOfScans(stage).database,
          LOGDRIVE_ATHENA_ABOVE_MIB: String(stage.largeScans.aboveMiB),
        }
      : {}),
    ...(stage.search && search
      ? {
          LOGDRIVE_HOT_URL: search.url,
          // A domain is a stage's own; one that was there before may serve others.
          LOGDRIVE_HOT_PREFIX: search.arn ? '' : `${stage.stage}.`,
          LOGDRIVE_HOT_CELLS: String(stage.search.cells),
          LOGDRIVE_HOT_DAYS: String(stage.search.days),
        }
      : {}),
  };
}
