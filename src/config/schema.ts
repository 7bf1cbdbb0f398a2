import * as z from 'zod';
import { canMaskName, defaultMaskSettings } from '../core/mask-settings.ts';
import { tenantPattern } from '../core/tenant.ts';
import { latencyKeys } from '../core/windows/window.ts';
import { processConfig } from '../processors/registry.ts';
import { alertsConfig } from './alerts-schema.ts';
import { bytes, duration } from './quantities.ts';
import { servicesConfig } from './services-schema.ts';

const count = (description: string, min = 1, max = Number.MAX_SAFE_INTEGER) => z.int().min(min).max(max).meta({ description });
const flag = (description: string) => z.boolean().meta({ description });

const limits = {
  sentBytes: bytes('largest body as it is sent'),
  decodedBytes: bytes('largest body after decompression'),
  ratio: count('largest ratio of decoded to sent bytes'),
  records: count('most records in one request'),
  recordBytes: bytes('largest record'),
  depth: count('deepest nesting of objects and arrays', 1, 1_000),
};

const maskName = z
  .string()
  .refine(canMaskName, 'the last word of a name to mask needs at least 3 letters or digits (words part at `_`, `-`, `.`)');
const mask = {
  names: z.array(maskName).meta({ description: 'fields whose values are covered, by the end of their names; replaces the list' }),
  addNames: z.array(maskName).meta({ description: 'names besides those of the list' }),
  patterns: flag('bearer tokens, passwords in URLs, AWS keys, JWTs, private keys, tokens of well-known makers'),
  cards: flag('payment card numbers'),
  emails: flag('e-mail addresses'),
};

const rate = z
  .strictObject({
    recordsPerS: count('records a second').optional(),
    requestsPerS: count('requests a second').optional(),
    burst: count('records that may come at once after a pause; those of a second unless given').optional(),
  })
  .meta({ description: 'no limit unless one is given' });
const rateLimit = { tenant: rate, key: rate };

const warmDays = count('days after which records are removed', 1, 36_500);

const daysKept = (days: number) => ({ days: warmDays.default(days) });

const optional = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape).partial().optional();

const tenant = z.strictObject({
  limits: optional(limits),
  mask: optional(mask),
  warm: z.strictObject({ days: warmDays.optional() }).optional(),
  rateLimit: optional(rateLimit),
});

/** All of `logdrive.yaml`. What is read from it has every default filled in. */
export const configSchema = z.strictObject({
  server: z
    .strictObject({
      port: count('port to listen on; 0 takes any free one', 0, 65_535).default(4318),
      host: z
        .string()
        .min(1)
        .default('127.0.0.1')
        .meta({ description: 'address to listen on; on any other than a loopback address an API key must have been made first' }),
    })
    .prefault({}),
  dataDir: z.string().min(1).default('.logdrive').meta({ description: 'folder of all data; from the working folder' }),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').meta({ description: "the server's own log, on standard error" }),
    })
    .prefault({}),
  limits: z
    .strictObject({
      sentBytes: limits.sentBytes.default(10 * 2 ** 20),
      decodedBytes: limits.decodedBytes.default(50 * 2 ** 20),
      ratio: limits.ratio.default(100),
      records: limits.records.default(10_000),
      recordBytes: limits.recordBytes.default(2 ** 20),
      depth: limits.depth.default(32),
    })
    .prefault({})
    .meta({ description: 'what one ingest request may be' }),
  queue: z
    .strictObject({
      partitions: count('number of partitions; never lower it', 1, 64).default(1),
      segmentBytes: bytes('size at which a segment file is closed', 2 ** 16).default(64 * 2 ** 20),
      keepBytes: bytes('what stays for reading again after every store has it', 0).default(256 * 2 ** 20),
      maxBytes: bytes('largest log; ingest is refused beyond it until the stores have caught up', 2 ** 20).default(8 * 2 ** 30),
    })
    .prefault({})
    .meta({ description: 'the durable log that answers ingest' }),
  seal: z.strictObject({ after: duration('age at which the newest records are written into a file', 100).default(20_000) }).prefault({}),
  warm: z
    .strictObject({
      format: z
        .enum(['parquet', 'ndjson'])
        .default('parquet')
        .meta({ description: '`ndjson` writes hourly NDJSON files beside the Parquet ones' }),
      days: warmDays.default(30),
    })
    .prefault({})
    .meta({ description: 'the files' }),
  metrics: z
    .strictObject({
      ...daysKept(30),
      rollups: z
        .strictObject({ tenSeconds: warmDays.default(14), minute: warmDays.default(90), hour: warmDays.default(730) })
        .prefault({})
        .meta({ description: 'how long values of 10 seconds, a minute and an hour are kept, longer than the points they are made of' }),
      seriesPerDay: count('most series of a tenant in one UTC day; new ones beyond it are refused').default(100_000),
    })
    .prefault({})
    .meta({ description: 'points of metrics' }),
  events: z.strictObject(daysKept(30)).prefault({}).meta({ description: 'events' }),
  traces: z
    .strictObject({
      ...daysKept(14),
      keep: z.number().min(0).max(1).default(1).meta({ description: 'share of the traces that is kept; errors are kept always' }),
    })
    .prefault({})
    .meta({ description: 'spans of traces' }),
  process: processConfig.meta({ description: 'what is done to records on their way: see processors.md' }),
  mask: z
    .strictObject({
      names: mask.names.default([...defaultMaskSettings.names]),
      addNames: mask.addNames.default([]),
      patterns: mask.patterns.default(defaultMaskSettings.patterns),
      cards: mask.cards.default(defaultMaskSettings.cards),
      emails: mask.emails.default(defaultMaskSettings.emails),
    })
    .prefault({})
    .meta({ description: 'secrets and personal data are covered with `*` before anything is stored' }),
  rateLimit: z
    .strictObject({ tenant: rate.prefault({}), key: rate.prefault({}) })
    .prefault({})
    .meta({ description: 'rates of each tenant and of each key' }),
  tenants: z
    .record(z.string().regex(tenantPattern, 'a tenant is 1 to 40 of a-z, 0-9 and -'), tenant)
    .default({})
    .meta({ description: 'by name: `limits`, `mask`, `warm.days` and `rateLimit` of single tenants, over those of all' }),
  canary: z
    .strictObject({
      enabled: flag('whether a record of the system tenant goes the whole way again and again').default(true),
      every: duration('time between two canaries', 100).default(60_000),
    })
    .prefault({}),
  ledger: z
    .strictObject({ residueAfter: duration('age at which a record still under way makes the host degraded', 1_000).default(120_000) })
    .prefault({}),
  windows: z
    .strictObject({
      lateness: duration('how late records may come before the window of their minute is due').default(5_000),
      latency: z
        .array(z.string().min(1))
        .default([...latencyKeys])
        .meta({ description: 'attributes of which the first that is a number counts as the latency of a record' }),
    })
    .prefault({})
    .meta({ description: 'what is counted by minute, service and level' }),
  alerts: alertsConfig,
  services: servicesConfig,
  query: z
    .strictObject({
      cacheBytes: bytes('memory for decoded pages of files', 0).default(64 * 2 ** 20),
      resultBytes: bytes('memory for answers that are given again as long as nothing changed', 0).default(16 * 2 ** 20),
      timeout: duration('longest time of a query', 100).default(30_000),
      scanBytes: bytes('most bytes that a query reads from files', 2 ** 20).default(64 * 2 ** 30),
      groups: count('most groups of a query').default(1_000_000),
      memoryBytes: bytes(
        'memory for the groups and values of a query; past it percentiles and distinct counts are within 1 %',
        2 ** 20,
      ).default(256 * 2 ** 20),
    })
    .prefault({})
    .meta({ description: 'what one query may take' }),
});

export type Config = z.output<typeof configSchema>;
