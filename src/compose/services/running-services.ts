import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TenantMapping } from '../../adapters/queue/kafka/in-consumer.ts';
import type { Config } from '../../config/load-config.ts';

/** Where the services are, and what ours is called there. */
export type ServiceAddresses = {
  brokers: string[];
  partitions: number;
  replication: number;
  topic: string;
  /** The door for services that write to Kafka, and the output of processed records; undefined where they are off. */
  in: { topic: string; groupId: string; mapping: TenantMapping } | undefined;
  parsedTopic: string | undefined;
  /** Undefined where there is no index. */
  openSearch: string | undefined;
  indexPrefix: string;
  /** Observed days that the index keeps before today. */
  hotDays: number;
  endpoint: string;
  region: string;
  bucket: string;
  table: string;
  deadLetters: string;
};

const usual = { kafka: '127.0.0.1:9092', opensearch: 'http://127.0.0.1:9200', aws: 'http://127.0.0.1:4566' } as const;

/** Reads the settings; what they leave empty is what `npm run services:up` wrote down in `folder` (`.services` of the working folder). */
export function addressesOf({ services }: Pick<Config, 'services'>, folder: string): ServiceAddresses {
  const { brokers, openSearch, hot, endpoint, prefix, bucket, table, deadLetters, partitions, replication, region, hotDays, parsed } =
    services;
  const { enabled, tenant, header, tenants } = services.in;
  const mapping = { tenants, ...(tenant === '' ? {} : { tenant }), ...(header === '' ? {} : { header }) };
  return {
    brokers: brokers.length > 0 ? brokers : [startedAt(folder, 'kafka')],
    ...{ partitions, replication, region, hotDays },
    topic: `${prefix}logs.raw`,
    in: enabled ? { topic: `${prefix}logs.in`, groupId: `${prefix}logdrive-logs-in`, mapping } : undefined,
    parsedTopic: parsed ? `${prefix}logs.parsed` : undefined,
    openSearch: hot ? openSearch || startedAt(folder, 'opensearch') : undefined,
    indexPrefix: prefix,
    endpoint: endpoint || startedAt(folder, 'aws'),
    bucket: prefix + bucket,
    table: prefix + table,
    deadLetters: prefix + deadLetters,
  };
}

/** The endpoint in a service's state file, see scripts/services/service.ts; the usual one where there is no file. */
function startedAt(folder: string, name: keyof typeof usual): string {
  try {
    const { endpoint } = JSON.parse(readFileSync(join(folder, name, 'service.json'), 'utf8')) as { endpoint?: unknown };
    return typeof endpoint === 'string' ? endpoint : usual[name];
  } catch {
    return usual[name];
  }
}
