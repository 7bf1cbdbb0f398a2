import { mkdir } from 'node:fs/promises';
import { sqsClient } from '../../adapters/dead-letters/sqs/client.ts';
import { stderrLog } from '../../adapters/log/stderr.ts';
import { KafkaQueue } from '../../adapters/queue/kafka/kafka-queue.ts';
import { dynamoDbClient } from '../../adapters/state/dynamodb/client.ts';
import { DynamoDbStateStore } from '../../adapters/state/dynamodb/dynamodb-state-store.ts';
import { s3Client } from '../../adapters/warm/s3/client.ts';
import { systemClock } from '../../core/clock.ts';
import { createListener } from '../../http/listener.ts';
import { createHttpServer } from '../../http/server.ts';
import { limitedAccept } from '../../pipeline/accept/limited-accept.ts';
import { receiptTokens } from '../../pipeline/accept/receipt-token.ts';
import { createDocuments } from '../../pipeline/documents.ts';
import { createEvaluationMetrics } from '../../pipeline/evaluate/evaluation-metrics.ts';
import { scheduleEvaluation } from '../../pipeline/evaluate/schedule.ts';
import { createKeys } from '../../pipeline/keys.ts';
import { Metrics } from '../../pipeline/metrics.ts';
import { onlyLogs } from '../../pipeline/only-logs.ts';
import type { Platform } from '../../pipeline/platform.ts';
import { platformMetrics } from '../../pipeline/platform-metrics.ts';
import { versionedRules } from '../../pipeline/process-rules.ts';
import { lazyAlertRules } from '../../pipeline/rules/lazy-alert-rules.ts';
import { Canary } from '../embedded/canary.ts';
import { generationOf } from '../embedded/generation.ts';
import { HostHealth } from '../embedded/health.ts';
import type { Host, HostOptions } from '../embedded/host.ts';
import { closeServer, listenOn } from '../embedded/listen-on.ts';
import { Notifying } from '../embedded/notifying.ts';
import { isLoopback, refuseOpenHost } from '../embedded/open-host.ts';
import { takeProfile } from '../embedded/profiles.ts';
import { secretOf } from '../embedded/secrets.ts';
import { dataPaths, type HostSettings, tenantSettings } from '../embedded/settings.ts';
import { buildStore } from './build-store.ts';
import { createMissing } from './create-missing.ts';
import { openNextGeneration } from './next-generation.ts';
import { openDoor } from './open-door.ts';
import type { ServiceAddresses } from './running-services.ts';
import { ServicesHealth } from './services-health.ts';

/**
 * Starts the whole platform in this process, on Kafka, OpenSearch, S3, DynamoDB and SQS: what is missing there is made.
 * @throws AppError INVALID_CONFIG, QUEUE_UNAVAILABLE and STORE_UNAVAILABLE naming the service that does not answer
 */
export async function startServicesHost(
  given: HostSettings,
  addresses: ServiceAddresses,
  { newGeneration = false }: Partial<HostOptions> = {},
): Promise<Host> {
  const clock = systemClock;
  const log = stderrLog({ level: given.logLevel });
  await mkdir(given.dataDir, { recursive: true, mode: 0o750 });
  const { endpoint, region, brokers, topic, partitions, table } = addresses;
  takeAnyCredentials(endpoint);
  const aws = { endpoint, region };
  const clients = { s3: s3Client(aws), dynamoDb: dynamoDbClient(aws), sqs: sqsClient(aws) };
  const queueUrl = await createMissing(addresses, clients);
  const state = new DynamoDbStateStore({ client: clients.dynamoDb, table });
  const settings = { ...given, process: await versionedRules(state, given.process) };
  const generation = newGeneration ? await openNextGeneration(state) : await generationOf(state);
  const registry = new Metrics();
  const metrics = platformMetrics(registry);
  const keys = createKeys({ state, clock });
  const isLocal = isLoopback(settings.host);
  if (!isLocal && !(await keys.any())) refuseOpenHost(settings.host);

  const onProblem = (what: string, error: unknown) => log.warn({ error }, what);
  const queue = new KafkaQueue({ brokers, topic, partitions, generation, clock, onProblem }, state);
  const store = await buildStore({ settings, addresses, clients, queueUrl, queue, state, clock, log });
  const maskSettings = (tenant: string) => tenantSettings(settings, tenant).mask;
  const rulesVersion = () => settings.process.version;
  const { accept, bare, limiter, hmac } = limitedAccept({
    ...{ queue, clock, metrics, bodySecret: await secretOf(state, 'bodies') },
    settingsOf: (tenant) => tenantSettings(settings, tenant),
    rulesVersion,
  });
  const door = openDoor(addresses, { ...{ accept, queue, clock, state, hmac, keys, rulesVersion, maskSettings }, onProblem });
  const canary = new Canary({ accept: bare, store: store.api, clock, log });
  const services = new ServicesHealth({ queue, followers: store.followers, registry });
  const health = new HostHealth({
    ...{ queue: undefined, others: () => services.dependencies(), store: { isReady: true, api: store.api } },
    silentStore: 'the log or the state does not answer, so the account cannot be read',
    ...{ canary, registry, metrics, settings, clock },
  });

  const notifying = new Notifying({
    ...{ state, clock, log, settings: settings.alerts, isAlone: false },
    publish: async () => {},
  });
  await notifying.check();

  const platform: Platform = {
    open: async () => isLocal && !(await keys.any()),
    accept,
    keys,
    documents: createDocuments({ state, clock }),
    notify: () => notifying.api(),
    rules: lazyAlertRules({ state, clock, storeOf: (signal) => platform.storeOf(signal) }),
    store: store.api,
    storeOf: onlyLogs(store.api),
    readiness: () => health.readiness(),
    metrics: () => {
      services.gauge();
      return health.metrics();
    },
    stats: () => health.stats(),
    profile: async (kind, seconds) => [await takeProfile(dataPaths(settings.dataDir).profiles, 'host', kind, seconds)],
  };
  const countPass = createEvaluationMetrics(registry);
  const evaluation = scheduleEvaluation({
    passed: (passed) => {
      countPass(passed);
      notifying.evaluated();
    },
    ...{ state, clock, log, afterMs: settings.windows.latenessUs / 1_000 + 1_200 },
    source: async () => (await import('../../pipeline/evaluate/store-window-source.ts')).createStoreWindowSource(platform),
  });
  const stopping = new AbortController();
  const listener = createListener(platform, {
    log,
    metrics,
    clock,
    version: settings.version,
    cursorKey: await secretOf(state, 'cursors'),
    receipts: receiptTokens(await secretOf(state, 'receipts')),
    rate: (tenant, keyId) => limiter.status(tenant, keyId),
    stopping: stopping.signal,
  });
  const server = createHttpServer(listener, { maxBodyBytes: settings.defaults.limits.sentBytes });
  store.start();
  door?.start();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= (async () => {
      canary.stop();
      await evaluation.stop();
      await notifying.stop();
      stopping.abort();
      await closeServer(server);
      await door?.stop();
      await queue.close();
      await store.stop();
      await state.close();
      clients.s3.destroy();
      health.close();
    })();
    return stopped;
  };
  const url = await listenOn(server, settings, stop);
  evaluation.start();
  await notifying.start();
  if (settings.canaryEveryMs !== undefined) canary.start(settings.canaryEveryMs);
  const stores = [
    ['queue', `Kafka ${brokers.join(', ')}, topic ${topic} (${partitions})`],
    ['index', addresses.openSearch ? `OpenSearch ${addresses.openSearch}` : 'none'],
    ['files', `s3://${addresses.bucket}, state in DynamoDB ${table}, dead letters in SQS, at ${endpoint}`],
  ] as const;
  return { url, platform, stop, log, stores, panicked: (where) => metrics.panics.add(1, where) };
}

/** An emulator on this machine takes any credentials, and none must be looked for elsewhere, or sent to it. */
function takeAnyCredentials(endpoint: string): void {
  if (!isLoopback(new URL(endpoint).hostname)) return;
  process.env.AWS_ACCESS_KEY_ID = 'test';
  process.env.AWS_SECRET_ACCESS_KEY = 'test';
  delete process.env.AWS_SESSION_TOKEN;
  delete process.env.AWS_PROFILE;
}
