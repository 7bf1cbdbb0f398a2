import * as z from 'zod';
import { tenantPattern } from '../core/tenant.ts';

/** What begins the names of topics and indices, and of bucket, table and queue. */
const prefix = z.string().regex(/^[a-z0-9-]{0,30}$/, 'a prefix is at most 30 of a-z, 0-9 and -');

/** Empty, or a tenant. */
const tenant = z.string().regex(new RegExp(`^$|${tenantPattern.source}`), 'a tenant is 1 to 40 of a-z, 0-9 and -');

/** Where `logdrive up --profile services` finds its services. What is empty is what `npm run services:up` started, or its usual address. */
export const servicesConfig = z
  .strictObject({
    brokers: z
      .array(z.string().regex(/^[^:\s]+:\d+$/, 'a broker is host:port'))
      .default([])
      .meta({ description: 'brokers of Kafka, `host:port`' }),
    partitions: z.int().min(1).max(64).default(3).meta({ description: 'partitions of `logs.raw`; never lower it' }),
    replication: z.int().min(1).max(5).default(1).meta({ description: 'copies of a topic and of an index that is made' }),
    openSearch: z.string().default('').meta({ description: 'URL of OpenSearch' }),
    hot: z.boolean().default(true).meta({ description: 'whether there is an index at all; without one the files answer every query' }),
    hotDays: z.int().min(1).max(3_650).default(7).meta({ description: 'days that the index keeps' }),
    endpoint: z.string().default('').meta({ description: 'URL of an emulated AWS' }),
    region: z.string().min(1).default('us-east-1').meta({ description: 'region of the bucket, the table and the queue' }),
    prefix: prefix.default('').meta({ description: 'begins the names of topics, indices, bucket, table and queue' }),
    in: z
      .strictObject({
        enabled: z.boolean().default(false).meta({ description: 'whether messages of `logs.in` are taken in' }),
        tenant: tenant
          .default('')
          .meta({ description: "whose messages without an API key in the header `x-api-key` are; empty: nobody's" }),
        header: z.string().default('').meta({ description: 'header that names the tenant, where it is one of `tenants`' }),
        tenants: z.array(tenant).default([]).meta({ description: 'tenants that the header may name' }),
      })
      .prefault({})
      .meta({ description: 'the door for services that write straight to Kafka' }),
    parsed: z.boolean().default(false).meta({ description: 'whether processed records are published to `logs.parsed`' }),
    bucket: z.string().min(3).max(63).default('logdrive').meta({ description: 'bucket of the files, in S3' }),
    table: z.string().min(3).max(200).default('logdrive').meta({ description: 'table of the state, in DynamoDB' }),
    deadLetters: z.string().min(1).max(50).default('logdrive-dead-letters').meta({ description: 'queue of dead letters, in SQS' }),
  })
  .prefault({})
  .meta({ description: 'where `logdrive up --profile services` finds its services; what is empty is what `npm run services:up` started' });

export type ServicesConfig = z.output<typeof servicesConfig>;
