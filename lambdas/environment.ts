import * as z from 'zod';
import { logLevels } from '../src/core/ports/log.ts';

const text = z.string().min(1);
/** An environment holds text only: a whole number from `min` on. */
const whole = (min: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'not a whole number')
    .transform(Number)
    .refine((value) => value >= min, `less than ${min}`);

/** Environment variables of the functions: one vocabulary, each function takes what it needs. Values are text, as Lambda gives them. */
export const variables = {
  LOGDRIVE_STAGE: text.meta({ description: 'the stage, `dev` or `prod`: a dimension of every metric' }),
  LOGDRIVE_LOG_LEVEL: z.enum(logLevels).default('info').meta({ description: 'how much the function says' }),
  LOGDRIVE_SETTINGS: z
    .string()
    .default('{}')
    .meta({ description: 'JSON with the keys of logdrive.yaml: `limits`, `mask`, `process`, `rateLimit`, `tenants`' }),
  LOGDRIVE_BROKERS: text.meta({ description: 'bootstrap brokers, `host:port` with commas between' }),
  LOGDRIVE_KAFKA_AUTH: z
    .enum(['plain', 'scram', 'iam'])
    .meta({ description: 'how Kafka is told who calls; `plain` is neither TLS nor a name' }),
  LOGDRIVE_KAFKA_SECRET: text.optional().meta({ description: 'ARN of the secret `{"username", "password"}`, for `scram`' }),
  LOGDRIVE_TOPIC_PREFIX: z.string().default('').meta({ description: 'stands before every topic' }),
  LOGDRIVE_PARTITIONS: whole(1).meta({ description: 'partitions of `logs.raw`; never lower it' }),
  LOGDRIVE_TABLE: text.meta({ description: 'DynamoDB table of state' }),
  LOGDRIVE_BUCKET: text.meta({ description: 'S3 bucket of the files, and of the bodies of large dead letters' }),
  LOGDRIVE_DLQ_URL: text.meta({ description: 'SQS queue of dead letters' }),
  LOGDRIVE_HOT_URL: text.optional().meta({ description: 'OpenSearch endpoint; without it there is no hot store' }),
  LOGDRIVE_HOT_PREFIX: z.string().default('').meta({ description: 'stands before every index, where several stages share an OpenSearch' }),
  LOGDRIVE_HOT_CELLS: whole(1).optional().meta({ description: 'cells that tenants are hashed into' }),
  LOGDRIVE_HOT_DAYS: whole(1).optional().meta({ description: 'observed days in the hot store' }),
  LOGDRIVE_WARM_DAYS: whole(1).optional().meta({ description: 'observed days in the files; a tenant of its own setting has that' }),
  LOGDRIVE_ATHENA_WORK_GROUP: text.optional().meta({ description: 'work group of Athena for large scans; without it none is asked' }),
  LOGDRIVE_ATHENA_DATABASE: text.optional().meta({ description: 'Glue database with the tables over the files' }),
  LOGDRIVE_ATHENA_ABOVE_MIB: whole(1).optional().meta({ description: 'MiB of files above which Athena is asked for an aggregate' }),
  LOGDRIVE_NOTIFY_TOPIC_ARN: text.optional().meta({ description: 'SNS topic that people are told by' }),
} as const;

const { LOGDRIVE_STAGE, LOGDRIVE_LOG_LEVEL, LOGDRIVE_SETTINGS } = variables;
const { LOGDRIVE_BROKERS, LOGDRIVE_KAFKA_AUTH, LOGDRIVE_KAFKA_SECRET, LOGDRIVE_TOPIC_PREFIX, LOGDRIVE_PARTITIONS } = variables;
const { LOGDRIVE_TABLE, LOGDRIVE_BUCKET, LOGDRIVE_DLQ_URL } = variables;
const { LOGDRIVE_HOT_URL, LOGDRIVE_HOT_PREFIX, LOGDRIVE_HOT_CELLS, LOGDRIVE_HOT_DAYS } = variables;
const { LOGDRIVE_ATHENA_WORK_GROUP, LOGDRIVE_ATHENA_DATABASE, LOGDRIVE_ATHENA_ABOVE_MIB } = variables;

/** What every function has. */
export const common = { LOGDRIVE_STAGE, LOGDRIVE_LOG_LEVEL, LOGDRIVE_SETTINGS } as const;
/** For a client of Kafka; functions that only read have an event source instead. */
export const kafka = {
  LOGDRIVE_BROKERS,
  LOGDRIVE_KAFKA_AUTH,
  LOGDRIVE_KAFKA_SECRET,
  LOGDRIVE_TOPIC_PREFIX,
  LOGDRIVE_PARTITIONS,
} as const;
/** For what an event source brings: which topic it is. */
export const topic = { LOGDRIVE_TOPIC_PREFIX } as const;
export const table = { LOGDRIVE_TABLE } as const;
export const files = { LOGDRIVE_BUCKET } as const;
/** Letters go to the queue, the bodies of large ones into the bucket. */
export const deadLetters = { LOGDRIVE_DLQ_URL, LOGDRIVE_BUCKET } as const;
export const hot = { LOGDRIVE_HOT_URL, LOGDRIVE_HOT_PREFIX, LOGDRIVE_HOT_CELLS, LOGDRIVE_HOT_DAYS } as const;
/** For scans that are too large for the function that is asked. */
export const largeScans = { LOGDRIVE_ATHENA_WORK_GROUP, LOGDRIVE_ATHENA_DATABASE, LOGDRIVE_ATHENA_ABOVE_MIB } as const;

/** The values of some of the variables, parsed: what a part of the platform is built from. */
export type Environment<Name extends keyof typeof variables> = Pick<z.output<z.ZodObject<typeof variables>>, Name>;
