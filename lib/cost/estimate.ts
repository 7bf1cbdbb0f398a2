import type { StageSettings } from '../stages.ts';
import { egressCosts } from './egress.ts';
import { functionCosts } from './functions.ts';
import { type Item, item } from './item.ts';
import { assumptions, type Load } from './load.ts';
import { hourlyPrice, type PriceName } from './prices.ts';
import { filesAfter } from './tiers.ts';

export type Estimate = {
  stage: string;
  load: Load;
  items: Item[];
  /** Dollars a month, by component. */
  components: Record<string, number>;
  /** What a month costs without a record, and with the load. */
  idleUsd: number;
  totalUsd: number;
  /** Dollars of the load for each raw GB, fixed costs left out and taken in. */
  perGbUsd: { marginal: number; whole: number };
  /** What does not fit: a disk that is too small for the load. */
  warnings: string[];
};

/** Estimates a month of a stage under a load, when it has run for so many months (files pile up until their retention). */
export function estimate(stage: StageSettings, load: Load, afterMonths = 12): Estimate {
  const items = [
    ...streamCosts(stage, load),
    ...searchCosts(stage),
    ...functionCosts(stage, load),
    ...fileCosts(stage, load, afterMonths),
    ...scanCosts(stage, load),
    ...egressCosts(stage, load)[stage.egress === 'nat' ? 'nat' : 'endpoints'].filter(() => stage.egress !== 'none'),
    ...watchCosts(stage),
  ].filter(({ units }) => units > 0);
  const sum = (of: Item[]) => of.reduce((usd, each) => usd + each.usd, 0);
  const idleUsd = sum(items.filter(({ fixed }) => fixed));
  const totalUsd = sum(items);
  const gb = load.gbPerDay * assumptions.daysPerMonth;
  const byComponent = Map.groupBy(items, ({ component }) => component);
  return {
    ...{ stage: stage.stage, load, items, idleUsd, totalUsd },
    components: Object.fromEntries([...byComponent].map(([component, of]) => [component, sum(of)])),
    perGbUsd: gb > 0 ? { marginal: (totalUsd - idleUsd) / gb, whole: totalUsd / gb } : { marginal: 0, whole: 0 },
    warnings: warningsOf(stage, load),
  };
}

function streamCosts({ stream, search }: StageSettings, { gbPerDay }: Load): Item[] {
  const { hoursPerMonth, daysPerMonth, kafkaRatio } = assumptions;
  const { kind, brokers, instanceType, storageGiB, partitions } = stream;
  const gbIn = gbPerDay * daysPerMonth * kafkaRatio;
  const of = (what: string, price: PriceName, units: number, fixed: boolean) => item('kafka', what, price, units, fixed);
  if (kind === 'external') return [];
  if (kind === 'serverless') {
    const readers = search ? 2 : 1;
    return [
      of('cluster', 'mskServerlessHour', hoursPerMonth, true),
      of('partitions', 'mskServerlessPartitionHour', partitions * hoursPerMonth, true),
      of('bytes in', 'mskServerlessIn', gbIn, false),
      of(`bytes out, to ${readers} consumers`, 'mskServerlessOut', gbIn * readers, false),
      of('storage', 'mskStorage', keptInKafka(stream.retentionHours, gbPerDay), false),
    ];
  }
  const hours = of(`${brokers} ${instanceType}`, hourlyPrice(instanceType), brokers * hoursPerMonth, true);
  return kind === 'express'
    ? [hours, of('bytes in', 'mskExpressIn', gbIn, false), of('storage', 'mskStorage', keptInKafka(stream.retentionHours, gbPerDay), false)]
    : [hours, of(`${brokers} disks of ${storageGiB} GiB`, 'mskStorage', brokers * storageGiB, true)];
}

function searchCosts({ search }: StageSettings): Item[] {
  if (!search || search.externalUrl) return [];
  const { hoursPerMonth } = assumptions;
  const of = (what: string, price: PriceName, units: number) => item('opensearch', what, price, units, true);
  return [
    of(`${search.dataNodes} ${search.instanceType}`, hourlyPrice(search.instanceType), search.dataNodes * hoursPerMonth),
    of(`${search.masters} ${search.masterType}`, hourlyPrice(search.masterType), search.masters * hoursPerMonth),
    of(`${search.dataNodes} disks of ${search.storageGiB} GiB`, 'searchDisk', search.dataNodes * search.storageGiB),
  ];
}

function fileCosts({ storage, stream }: StageSettings, { gbPerDay }: Load, months: number): Item[] {
  const { daysPerMonth, compactedMb, warmRatio } = assumptions;
  const { standard, glacier, deep } = filesAfter(storage, gbPerDay, months);
  const compacted = (gbPerDay * 1_000 * warmRatio * daysPerMonth) / compactedMb;
  // A partition commits a level-0 file each 20 s while records come.
  const commits = gbPerDay > 0 ? stream.partitions * (86_400 / 20) * daysPerMonth : 0;
  const of = (what: string, price: PriceName, units: number) => item('files', what, price, units, false);
  return [
    of('S3 Standard', 's3Standard', standard),
    of('Glacier Instant Retrieval', 's3GlacierInstant', glacier),
    of('Deep Archive', 's3DeepArchive', deep),
    of('files written', 's3Puts', (commits + compacted) / 1_000),
    of('files read by the compactor', 's3Gets', commits / 1_000),
    of('moved to Glacier', 's3GlacierTransitions', glacier > 0 ? compacted / 1_000 : 0),
    of('moved to Deep Archive', 's3DeepTransitions', deep > 0 ? compacted / 1_000 : 0),
  ];
}

/** What Athena reads for large scans. */
function scanCosts({ largeScans }: StageSettings, { gbPerDay, queriesPerDay }: Load): Item[] {
  if (!largeScans) return [];
  const { daysPerMonth, warmRatio, largeScanShare, largeScanDays, columnShare } = assumptions;
  const scanBytes = gbPerDay * 1e9 * warmRatio * largeScanDays;
  if (scanBytes <= largeScans.aboveMiB * 2 ** 20) return [];
  const readTib = (queriesPerDay * daysPerMonth * largeScanShare * scanBytes * columnShare) / 2 ** 40;
  return [item('files', 'large scans, read by Athena', 'athenaTib', readTib, false)];
}

/** Alarms are counted by a test against the templates. */
export const alarmsOf = ({ search, stream, storage }: StageSettings): number => {
  const functions = 13 + Number(search !== false) + Number(stream.door) + Number(stream.parsed);
  const domain = search && !search.externalUrl ? 2 : 0;
  const cluster = { provisioned: 2, express: 1, serverless: 0, external: 0 }[stream.kind];
  const lag = stream.kind === 'external' ? 0 : 1 + Number(search !== false) + Number(stream.door) + Number(stream.parsed);
  return 2 * functions + 2 + 2 + 2 + (storage.growthGiBPerDay > 0 ? 1 : 0) + lag + cluster + domain;
};

function watchCosts(stage: StageSettings): Item[] {
  const keys = 1 + (stage.search && !stage.search.externalUrl ? 1 : 0) + (['provisioned', 'express'].includes(stage.stream.kind) ? 1 : 0);
  return [
    item('watching', 'alarms', 'alarm', alarmsOf(stage), true),
    item('watching', 'dashboard', 'dashboard', 1, true),
    item('watching', 'keys', 'kmsKey', keys, true),
  ];
}

const keptInKafka = (retentionHours: number, gbPerDay: number): number => (gbPerDay * assumptions.kafkaRatio * retentionHours) / 24;

function warningsOf({ stream, search }: StageSettings, { gbPerDay }: Load): string[] {
  const { diskShare, hotRatio } = assumptions;
  const warnings: string[] = [];
  const kafkaGb = keptInKafka(stream.retentionHours, gbPerDay) * stream.replication;
  const kafkaDisk = stream.brokers * stream.storageGiB * 1.074 * diskShare;
  if (stream.kind === 'provisioned' && kafkaGb > kafkaDisk)
    warnings.push(
      `Kafka keeps ${Math.round(kafkaGb)} GB, its disks should hold ${Math.round(kafkaDisk)}: raise stream.storageGiB or lower stream.retentionHours`,
    );
  if (!search || search.externalUrl) return warnings;
  const hotGb = gbPerDay * search.days * hotRatio * (1 + search.replicas);
  const hotDisk = search.dataNodes * search.storageGiB * 1.074 * diskShare;
  if (hotGb > hotDisk)
    warnings.push(
      `OpenSearch keeps ${Math.round(hotGb)} GB, its disks should hold ${Math.round(hotDisk)}: raise search.storageGiB or search.dataNodes, or lower search.days`,
    );
  return warnings;
}
