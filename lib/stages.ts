/** Where the log of raw records lives. */
export type StreamSettings = {
  /**
   * `provisioned`: MSK with broker disks. `express`: MSK Express, storage without limit. `serverless`: MSK Serverless, three zones whatever is
   * said here. `external`: a Kafka that is there already, given as `brokers`.
   * @default 'provisioned'
   */
  kind: 'provisioned' | 'express' | 'serverless' | 'external';
  /** Broker type of `provisioned` (`kafka.…`) or `express` (`express.…`). @default 'kafka.t3.small' */
  instanceType: string;
  /** Brokers; a multiple of the zones. @default 2 */
  brokers: number;
  /** Disk of a `provisioned` broker. @default 50 */
  storageGiB: number;
  /** Bootstrap brokers of an `external` Kafka, `host:port` with commas between. @default '' */
  externalBrokers: string;
  /** Partitions of each topic; never lower it: positions of records hold the partition. @default 6 */
  partitions: number;
  /** Copies of each partition, at most one a broker. @default 2 */
  replication: number;
  /** Copies that must have a record before its sender gets an answer. @default 2 */
  minInSync: number;
  /** Hours that Kafka keeps records; half of it is the age at which an unread record raises an alarm. @default 72 */
  retentionHours: number;
};

/** The hot store. */
export type SearchSettings = {
  /** Address of an OpenSearch that is there already; no domain is made then. @default '' */
  externalUrl: string;
  /** Data node type. @default 't3.small.search' */
  instanceType: string;
  /** Data nodes, spread over the zones. @default 1 */
  dataNodes: number;
  /** Dedicated masters: 0 or 3. @default 0 */
  masters: 0 | 3;
  /** Master node type. @default 'm7g.medium.search' */
  masterType: string;
  /** gp3 disk of each data node. @default 20 */
  storageGiB: number;
  /** Replicas of each index. @default 0 */
  replicas: number;
  /** Cells that tenants are hashed into: indices a day. @default 1 */
  cells: number;
  /** Observed days kept. @default 7 */
  days: number;
};

export type StorageSettings = {
  /** Observed days kept in files; a tenant's own setting has precedence. @default 30 */
  warmDays: number;
  /** Days after which compacted files move to Glacier Instant Retrieval; 0: never. Below 30 is refused. @default 0 */
  glacierAfterDays: number;
  /** Days after which compacted files move to Deep Archive, to be restored before they are read; 0: never. @default 0 */
  deepArchiveAfterDays: number;
  /** Days that removed files can still be brought back, as older versions. @default 7 */
  removedDays: number;
  /** What the bucket may grow in a day before an alarm; 0: no alarm. @default 50 */
  growthGiBPerDay: number;
};

export type ApiSettings = {
  /** Requests a second over all keys of the usage plan, and at once. Best effort, a shield and no invoice. @default { rate: 50, burst: 100 } */
  throttle: { rate: number; burst: number };
  /** Requests of one address in five minutes before WAF refuses it; 0: no WAF. Bodies are not looked at: log text resembles attacks. @default 0 */
  wafRequestsPer5Min: number;
  /** Addresses (CIDR) that may call; empty: all. Needs WAF. @default [] */
  allowedAddresses: string[];
};

export type FunctionSettings = {
  /** Concurrent executions kept for, and at most given to, each function by name. Bounds connections to Kafka and OpenSearch. @default {} */
  reserved: Record<string, number>;
  /** Pollers of the Kafka event sources. `on-demand` needs endpoints for Lambda and STS. @default 'on-demand' */
  pollers: 'on-demand' | { min: number; max: number };
  /** Days that logs of functions and of the API are kept. @default 14 */
  logDays: 7 | 14 | 30 | 90;
  /** Keys of logdrive.yaml: `limits`, `mask`, `process`, `rateLimit`, `tenants`. @default {} */
  settings: Record<string, unknown>;
  /** @default 'info' */
  logLevel: 'debug' | 'info' | 'warn' | 'error';
};

export type StageSettings = {
  /** Names the stage in stack names, metrics and tags. */
  stage: string;
  /** Whether resources with data survive the deletion of their stack. @default true */
  retain: boolean;
  /** Zones of the network. @default 2 */
  zones: 2 | 3;
  /**
   * How functions inside the network reach services outside: `endpoints` pays by endpoint and zone, `nat` by zone and gigabyte. `none`: there
   * is no network. `logdrive cost` computes both. @default 'endpoints'
   */
  egress: 'endpoints' | 'nat' | 'none';
  /** Zones that have an interface endpoint; fewer are cheaper and cost a transfer between zones. @default 1 */
  endpointZones: 1 | 2 | 3;
  stream: StreamSettings;
  /** `false`: no OpenSearch; the files answer every query. */
  search: SearchSettings | false;
  storage: StorageSettings;
  api: ApiSettings;
  functions: FunctionSettings;
  /** E-mail addresses that the alarms are sent to, beside the channels of the notify function. @default [] */
  alarmEmails: string[];
  /** Tags of every resource, beside `logdrive:stage`. @default {} */
  tags: Record<string, string>;
};

/** A stage as it is written down: what is left out takes its default. */
export type StageOverrides = Partial<Omit<StageSettings, 'stage' | 'stream' | 'search' | 'storage' | 'api' | 'functions'>> & {
  stage: string;
  stream?: Partial<StreamSettings>;
  search?: Partial<SearchSettings> | false;
  storage?: Partial<StorageSettings>;
  api?: Partial<ApiSettings>;
  functions?: Partial<FunctionSettings>;
};

const streamDefaults: StreamSettings = {
  kind: 'provisioned',
  instanceType: 'kafka.t3.small',
  brokers: 2,
  storageGiB: 50,
  externalBrokers: '',
  partitions: 6,
  replication: 2,
  minInSync: 2,
  retentionHours: 72,
};
const searchDefaults: SearchSettings = {
  externalUrl: '',
  instanceType: 't3.small.search',
  dataNodes: 1,
  masters: 0,
  masterType: 'm7g.medium.search',
  storageGiB: 20,
  replicas: 0,
  cells: 1,
  days: 7,
};
const storageDefaults: StorageSettings = {
  warmDays: 30,
  glacierAfterDays: 0,
  deepArchiveAfterDays: 0,
  removedDays: 7,
  growthGiBPerDay: 50,
};
const apiDefaults: ApiSettings = { throttle: { rate: 50, burst: 100 }, wafRequestsPer5Min: 0, allowedAddresses: [] };
const functionDefaults: FunctionSettings = { reserved: {}, pollers: 'on-demand', logDays: 14, settings: {}, logLevel: 'info' };

/** Fills in the defaults of a stage and checks that its settings fit together. @throws Error with every fault, a line each */
export function defineStage({ stream, search = {}, storage, api, functions, ...rest }: StageOverrides): StageSettings {
  const settings: StageSettings = {
    ...{ retain: true, zones: 2 as const, egress: 'endpoints' as const, endpointZones: 1 as const, alarmEmails: [], tags: {} },
    ...rest,
    stream: { ...streamDefaults, ...stream },
    search: search && { ...searchDefaults, ...search },
    storage: { ...storageDefaults, ...storage },
    api: { ...apiDefaults, ...api },
    functions: { ...functionDefaults, ...functions },
  };
  const faults = faultsOf(settings);
  if (faults.length > 0) throw new Error(`stage ${settings.stage} cannot be:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  return settings;
}

function faultsOf({ stage, zones, endpointZones, stream, search, storage, api }: StageSettings): string[] {
  const { kind, brokers, replication, minInSync } = stream;
  const isMsk = kind === 'provisioned' || kind === 'express';
  const { glacierAfterDays, deepArchiveAfterDays } = storage;
  const checks: [boolean, string][] = [
    [/^[a-z][a-z0-9-]{0,19}$/.test(stage), 'stage: 1 to 20 of a-z, 0-9 and -, a letter first'],
    [endpointZones <= zones, `endpointZones: there are ${zones} zones`],
    [!isMsk || brokers % zones === 0, `stream.brokers: ${brokers} do not spread evenly over ${zones} zones`],
    [!isMsk || replication <= brokers, `stream.replication: ${replication} copies need as many brokers, there are ${brokers}`],
    [minInSync <= replication, 'stream.minInSync: no more than stream.replication'],
    [kind !== 'express' || replication === 3, 'stream.replication: MSK Express keeps 3 copies'],
    [kind !== 'express' || stream.instanceType.startsWith('express.'), 'stream.instanceType: express.… for MSK Express'],
    [kind !== 'external' || stream.externalBrokers !== '', 'stream.externalBrokers: an external Kafka has an address'],
    [!search || search.replicas < search.dataNodes, 'search.replicas: fewer than search.dataNodes'],
    [glacierAfterDays === 0 || glacierAfterDays >= 30, 'storage.glacierAfterDays: 30 or more, or 0'],
    [
      deepArchiveAfterDays === 0 || (glacierAfterDays > 0 && deepArchiveAfterDays >= glacierAfterDays + 90),
      'storage.deepArchiveAfterDays: 90 days after Glacier or more (it bills 90 days at least), or 0',
    ],
    [
      api.allowedAddresses.length === 0 || api.wafRequestsPer5Min > 0,
      'api.allowedAddresses: WAF is what checks them, set api.wafRequestsPer5Min',
    ],
  ];
  return checks.filter(([isRight]) => !isRight).map(([, fault]) => fault);
}

/** The least that shows everything working: one small search node, two small brokers, no WAF. */
const dev = defineStage({
  stage: 'dev',
  functions: { reserved: { ingest: 10, query: 10, tail: 5, index: 6, archive: 6, 'take-in': 6, compact: 1, retention: 1 } },
});

/** Three zones, three copies, three replicas of what must not stop; months of files. */
const prod = defineStage({
  stage: 'prod',
  zones: 3,
  endpointZones: 3,
  stream: { kind: 'express', instanceType: 'express.m7g.large', brokers: 3, partitions: 24, replication: 3, retentionHours: 168 },
  search: { instanceType: 'r7g.large.search', dataNodes: 3, masters: 3, storageGiB: 500, replicas: 1, cells: 4 },
  storage: { warmDays: 730, glacierAfterDays: 30, deepArchiveAfterDays: 365, growthGiBPerDay: 500 },
  api: { throttle: { rate: 2_000, burst: 4_000 }, wafRequestsPer5Min: 100_000 },
  functions: {
    reserved: { ingest: 200, query: 50, tail: 50, index: 24, archive: 24, 'take-in': 24, compact: 1, retention: 1 },
    pollers: { min: 1, max: 8 },
    logDays: 30,
  },
});

/** What the emulator can hold: no network, no MSK, no OpenSearch domain; Kafka and OpenSearch run beside it (`npm run deploy:local`). */
const local = defineStage({
  stage: 'local',
  retain: false,
  egress: 'none',
  stream: { kind: 'external', externalBrokers: '127.0.0.1:9092', partitions: 2, replication: 1, minInSync: 1, retentionHours: 24 },
  search: { externalUrl: 'http://127.0.0.1:9200' },
  // The emulator knows neither lifecycle rules nor alarms that compute.
  storage: { removedDays: 0, growthGiBPerDay: 0 },
  api: { throttle: { rate: 50, burst: 20 } },
});

/** Every stage that `npm run synth` makes, by name. */
export const stages = { dev, prod, local } as const;
export type StageName = keyof typeof stages;
