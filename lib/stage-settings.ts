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
  /** Whether services may write straight to Kafka, to the topic `logs.in`. @default true */
  door: boolean;
  /** Whether processed records are published to the topic `logs.parsed`. @default false */
  parsed: boolean;
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

/** Aggregates over more files than a function reads in time: Athena runs them. */
export type LargeScanSettings = {
  /** MiB of files above which an aggregate goes to Athena; what they hold is some 12 times as much. @default 512 */
  aboveMiB: number;
  /** GiB that one query may read before Athena ends it: 5 USD a TiB. @default 100 */
  maxScanGiB: number;
  /** Days that results of queries stay in the bucket. @default 1 */
  resultDays: number;
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
  /** `false`: no Athena; the functions read whatever is asked for, as far as their time goes. */
  largeScans: LargeScanSettings | false;
  api: ApiSettings;
  functions: FunctionSettings;
  /** E-mail addresses that the alarms are sent to, beside the channels of the notify function. @default [] */
  alarmEmails: string[];
  /** Tags of every resource, beside `logdrive:stage`. @default {} */
  tags: Record<string, string>;
};

/** A stage as it is written down: what is left out takes its default. */
export type StageOverrides = Partial<
  Omit<StageSettings, 'stage' | 'stream' | 'search' | 'storage' | 'largeScans' | 'api' | 'functions'>
> & {
  stage: string;
  stream?: Partial<StreamSettings>;
  search?: Partial<SearchSettings> | false;
  storage?: Partial<StorageSettings>;
  /** @default false */
  largeScans?: Partial<LargeScanSettings> | false;
  api?: Partial<ApiSettings>;
  functions?: Partial<FunctionSettings>;
};
