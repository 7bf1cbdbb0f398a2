import type {
  ApiSettings,
  FunctionSettings,
  LargeScanSettings,
  SearchSettings,
  StageOverrides,
  StageSettings,
  StorageSettings,
  StreamSettings,
} from './stage-settings.ts';

export type { LargeScanSettings, StageOverrides, StageSettings } from './stage-settings.ts';

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
  door: true,
  parsed: false,
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
const largeScanDefaults: LargeScanSettings = { aboveMiB: 512, maxScanGiB: 100, resultDays: 1 };
const apiDefaults: ApiSettings = { throttle: { rate: 50, burst: 100 }, wafRequestsPer5Min: 0, allowedAddresses: [] };
const functionDefaults: FunctionSettings = { reserved: {}, pollers: 'on-demand', logDays: 14, settings: {}, logLevel: 'info' };

/** Fills in the defaults of a stage and checks that its settings fit together. @throws Error with every fault, a line each */
export function defineStage({ stream, search = {}, storage, largeScans = false, api, functions, ...rest }: StageOverrides): StageSettings {
  const settings: StageSettings = {
    ...{ retain: true, zones: 2 as const, egress: 'endpoints' as const, endpointZones: 1 as const, alarmEmails: [], tags: {} },
    ...rest,
    stream: { ...streamDefaults, ...stream },
    search: search && { ...searchDefaults, ...search },
    storage: { ...storageDefaults, ...storage },
    largeScans: largeScans && { ...largeScanDefaults, ...largeScans },
    api: { ...apiDefaults, ...api },
    functions: { ...functionDefaults, ...functions },
  };
  const faults = faultsOf(settings);
  if (faults.length > 0) throw new Error(`stage ${settings.stage} cannot be:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  return settings;
}

function faultsOf({ stage, zones, endpointZones, stream, search, storage, largeScans, api }: StageSettings): string[] {
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
    [!largeScans || largeScans.aboveMiB < largeScans.maxScanGiB * 1024, 'largeScans.maxScanGiB: more than largeScans.aboveMiB'],
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
  largeScans: {},
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
