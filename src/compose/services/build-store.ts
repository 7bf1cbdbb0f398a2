import { join } from 'node:path';
import { SqsDeadLetters } from '../../adapters/dead-letters/sqs/sqs-dead-letters.ts';
import { OpenSearchHotStore } from '../../adapters/hot/opensearch/opensearch-hot-store.ts';
import type { KafkaQueue } from '../../adapters/queue/kafka/kafka-queue.ts';
import { KafkaReader } from '../../adapters/queue/kafka/kafka-reader.ts';
import { CachedWarmStore } from '../../adapters/warm/cached/cached-warm-store.ts';
import { S3WarmStore } from '../../adapters/warm/s3/s3-warm-store.ts';
import { PageCache } from '../../columnar/page-cache.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { createCatalogue } from '../../pipeline/catalogue.ts';
import { createCloudStore } from '../../pipeline/cloud/cloud-store.ts';
import { createProcessing } from '../../pipeline/deliver/processing.ts';
import type { DeliverDeps } from '../../pipeline/deliver/types.ts';
import { createHotRetention } from '../../pipeline/retain-hot.ts';
import { StepRunner } from '../../pipeline/run-steps.ts';
import { ClientIds } from '../../pipeline/store/client-ids.ts';
import { StoreSearch } from '../../pipeline/store/search.ts';
import { SourceFinder } from '../../pipeline/store/sources.ts';
import type { StoreApi } from '../../pipeline/store-api.ts';
import { buildMaintenance } from '../embedded/build-maintenance.ts';
import { takeProfile } from '../embedded/profiles.ts';
import { dataPaths, type HostSettings, tenantSettings } from '../embedded/settings.ts';
import type { Clients } from './create-missing.ts';
import { Follower } from './follower.ts';
import { openParsed } from './open-parsed.ts';
import type { ServiceAddresses } from './running-services.ts';
import { hotSink, parsedSink, warmSink } from './sinks.ts';
import { Upkeep } from './upkeep.ts';

export type StoreDeps = {
  settings: HostSettings;
  addresses: ServiceAddresses;
  clients: Clients;
  queueUrl: string;
  queue: KafkaQueue;
  state: StateStore;
  clock: Clock;
  log: Log;
};

export type ServicesStore = { api: StoreApi; followers: Follower[]; start(): void; stop(): Promise<void> };

const maxOpenParts = 256;
/** Copies of files on this machine's disk. */
const copiesBytes = 2 ** 30;
/** Payload of one delivery: some thousand records. */
const hotBytes = 4 * 2 ** 20;
const warmBytes = 4 * 2 ** 20;
const idleMs = 1_000;
/** Brokers that are away are asked several times a second, and told of less often. */
const tellEveryMs = 10_000;
/** A search that waits for a refresh sees its record at most so much later. */
const refreshInterval = '500ms';

/** Builds the stores on services, the loops that fill them, and what is done to their files, in the order of the way of a record. */
export async function buildStore({ settings, addresses, clients, queueUrl, queue, state, clock, log }: StoreDeps): Promise<ServicesStore> {
  const { brokers, topic, parsedTopic, replication, openSearch, indexPrefix, bucket, table } = addresses;
  const { generation, partitions } = queue;
  const files = new S3WarmStore({ client: clients.s3, bucket });
  const warm = await CachedWarmStore.open({ store: files, folder: join(settings.dataDir, 'copies'), maxBytes: copiesBytes });
  const hot = openSearch
    ? new OpenSearchHotStore({ url: openSearch, prefix: indexPrefix, replicas: replication - 1, refreshInterval, clock })
    : undefined;
  const deadLetters = new SqsDeadLetters({ dynamoDb: clients.dynamoDb, table, sqs: clients.sqs, queueUrl, objects: files, clock });
  const runner = new StepRunner(state, warm);
  const catalogue = createCatalogue({ runner, state });
  const sources = new SourceFinder({ catalogue, warm, cache: new PageCache(settings.cacheBytes), generation, maxOpenParts });
  const search = new StoreSearch(sources, undefined);
  const maintenance = buildMaintenance({ signal: 'logs', settings, state, warm, runner, catalogue, search, clock, log });
  const maskSettings = (tenant: string) => tenantSettings(settings, tenant).mask;
  const processing = createProcessing({ state, rules: settings.process, maskSettings, clock, log });

  const deps: DeliverDeps = {
    ...{ state, runner, deadLetters, processing, clock, log, codeVersion: settings.version },
    async extentOf(_generation, partition) {
      const [ranges, holes] = await Promise.all([queue.ranges(), queue.holes()]);
      return { ...ranges.find((range) => range.partition === partition)!, holes: holes.filter((hole) => hole.partition === partition) };
    },
  };
  const clientIds = new ClientIds((tenant, ids) => search.committedIds(tenant, ids));
  const followers: Follower[] = [];
  const warmFollowers: Follower[] = [];
  const wake = (partition: number) => {
    for (const follower of followers) if (follower.partition === partition) follower.wake();
  };
  const connection = { brokers, topic, partitions, generation };
  let toldMs = Number.NEGATIVE_INFINITY;
  const onProblem = (what: string, error: unknown) => {
    if (clock.monotonicMs() - toldMs < tellEveryMs) return;
    toldMs = clock.monotonicMs();
    log.warn({ error }, what);
  };
  // A reader each, so that no sink waits for another's fetch; one of them asks how far the log reaches, for both.
  const readers = { hot: new KafkaReader(connection), warm: new KafkaReader({ ...connection, onEnd: wake, onProblem }) };
  const follow = { idleMs, log };
  const output = parsedTopic === undefined ? undefined : openParsed({ brokers, topic: parsedTopic, partitions, clock }, connection);
  for (let partition = 0; partition < partitions; partition++) {
    const at = { generation, partition };
    const archive = warmSink({ ...deps, clientIds }, at, settings.sealAfterMs, maintenance.committed);
    const follower = new Follower({ ...follow, reader: readers.warm, partition, sink: archive, maxBytes: warmBytes });
    warmFollowers.push(follower);
    followers.push(follower);
    const index = hot && hotSink({ ...deps, hot }, at);
    const parsed = output && parsedSink({ state, processing, publish: output.publish }, at);
    if (parsed) followers.push(new Follower({ ...follow, reader: output.reader, partition, sink: parsed, maxBytes: hotBytes }));
    if (index) followers.push(new Follower({ ...follow, reader: readers.hot, partition, sink: index, maxBytes: hotBytes }));
  }

  const store = createCloudStore({
    generation,
    partitions,
    state,
    runner,
    warm,
    hot,
    deadLetters,
    processing,
    queue,
    maintenance,
    clock,
    log,
    windows: { ...settings.windows, kept: false },
  });
  const api: StoreApi = {
    ...store,
    waitFor(receipt, sink, timeoutMs) {
      if (sink === 'warm') warmFollowers[receipt.partition]?.want(Math.max(...receipt.runs.map(([, to]) => to)));
      return store.waitFor(receipt, sink, timeoutMs);
    },
    async status() {
      return { ...(await store.status()), halted: followers.find(({ halted }) => halted !== undefined)?.halted };
    },
    async flush() {
      await Promise.all(followers.map((follower) => follower.flush()));
    },
    profile: (kind, seconds) => takeProfile(dataPaths(settings.dataDir).profiles, 'host', kind, seconds),
  };

  const { hotDays } = addresses;
  const hotRetention = hot && createHotRetention({ runner, days: hot, generation, partitions, hotDays, clock, log });
  const upkeep = new Upkeep(
    [
      ...(hotRetention ? [{ name: 'days of the index', run: () => hotRetention.run() }] : []),
      { name: 'idempotency keys', run: () => queue.forgetKeys() },
      { name: 'messages of dead letters', run: async () => (await deadLetters.reconcile()).sent },
    ],
    log,
  );

  return {
    api,
    followers,
    start() {
      for (const follower of followers) follower.start();
      maintenance.start();
      upkeep.start();
    },
    async stop() {
      await Promise.all([maintenance.stop(), upkeep.stop()]);
      await Promise.all(followers.map((follower) => follower.stop()));
      await Promise.all([readers.hot.close(), readers.warm.close(), output?.close()]);
      sources.close();
      await hot?.close();
      await deadLetters.close();
    },
  };
}
