import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import * as z from 'zod';
import type { Environment } from '../../../lambdas/environment.ts';
import { ensure } from '../../adapters/hot/opensearch/bootstrap.ts';
import type { OpenSearchClient } from '../../adapters/hot/opensearch/client.ts';
import { importSavedObjects } from '../../adapters/hot/opensearch/dashboards/import-saved-objects.ts';
import { createTopics } from '../../adapters/queue/kafka/topics.ts';
import { AppError } from '../../core/errors.ts';
import { versionedRules } from '../../pipeline/process-rules.ts';
import type { FunctionRuntime, Invocation } from './function-runtime.ts';
import { type HotEnvironment, openHot } from './open-hot.ts';
import { type KafkaEnvironment, kafkaConnection } from './open-queue.ts';
import { openState } from './open-state.ts';
import { readGeneration } from './read-generation.ts';
import { readSettings } from './settings.ts';
import { rawTopic } from './topics.ts';

/** CloudFormation hands every value on as text. */
const whole = z.coerce.number().int().min(1);
const names = z.array(z.string()).default([]);
const properties = z.object({
  /** Names of topics without the deployment's prefix. */
  Topics: z.array(z.string()).default(['logs.raw', 'logs.in']),
  Partitions: whole,
  Replication: whole.default(3),
  MinInSync: whole.optional(),
  RetentionHours: whole.default(72),
  /** Of the indices. */
  Replicas: z.coerce.number().int().min(0).default(1),
  /** ARNs of the roles that may write to OpenSearch, read from it, delete days, and of people. */
  Writers: names,
  Readers: names,
  Keepers: names,
  People: names,
});

export type SetUpEnvironment = KafkaEnvironment &
  HotEnvironment &
  Environment<'LOGDRIVE_TABLE' | 'LOGDRIVE_SETTINGS' | 'LOGDRIVE_HOT_DAYS'>;
export type SetUp = { PhysicalResourceId: string; Data: Record<string, string> };

const defaultHotDays = 7;

/**
 * Builds what CloudFormation cannot: topics, and where there is an OpenSearch its index template, lifecycle policy, roles and dashboards. To create and to update
 * is the same and may be repeated; to delete leaves everything where it is, since it holds what was accepted.
 */
export function buildSetUp(
  runtime: FunctionRuntime<SetUpEnvironment>,
): (event: CloudFormationCustomResourceEvent, invocation: Invocation) => Promise<SetUp> {
  const { env, clock } = runtime;
  const id = `logdrive-set-up-${rawTopic(env)}`;

  return async (event, { log }) => {
    if (event.RequestType === 'Delete') {
      log.info({}, 'topics and indices are left where they are');
      return { PhysicalResourceId: event.PhysicalResourceId, Data: {} };
    }
    const given = properties.safeParse(event.ResourceProperties);
    if (!given.success) throw new AppError('INVALID_CONFIG', `the custom resource: ${z.prettifyError(given.error)}`);
    const { Partitions, Replication, MinInSync, RetentionHours } = given.data;
    const shared = {
      partitions: Partitions,
      replication: Replication,
      retentionMs: RetentionHours * 3_600_000,
      ...(MinInSync === undefined ? {} : { minInSyncReplicas: MinInSync }),
    };
    const topics = given.data.Topics.map((name) => `${env.LOGDRIVE_TOPIC_PREFIX}${name}`);
    await createTopics(
      await kafkaConnection(env),
      topics.map((name) => ({ name, ...shared })),
    );
    const state = openState(env);
    const [generation, rules] = await Promise.all([
      readGeneration(state),
      versionedRules(state, readSettings(env.LOGDRIVE_SETTINGS).process),
    ]);
    const documents = await setUpHot(runtime, given.data);
    log.info({ topics, generation, rules: rules.version, documents }, 'set up');
    return { PhysicalResourceId: id, Data: { Topics: topics.join(','), Generation: String(generation), Documents: documents.join(', ') } };
  };

  /** A stage works without its pictures: where Dashboards does not answer, that is said and the deployment goes on. */
  async function setUpDashboards(client: OpenSearchClient, prefix: string): Promise<string> {
    try {
      return `dashboards: ${await importSavedObjects(client, { prefix, basePath: '/_dashboards' })} saved objects`;
    } catch (error) {
      const why = error instanceof AppError ? error.detail : String(error);
      return `dashboards: not imported (${why.slice(0, 120)})`;
    }
  }

  async function setUpHot(
    { env: { LOGDRIVE_HOT_PREFIX: prefix, LOGDRIVE_HOT_DAYS: hotDays } }: typeof runtime,
    given: z.output<typeof properties>,
  ): Promise<string[]> {
    const hot = openHot(env, clock);
    if (!hot) return [];
    try {
      const { Writers, Readers, Keepers, People, Replicas } = given;
      const hasRoles = [Writers, Readers, Keepers, People].some((roles) => roles.length > 0);
      const done = await ensure(hot.client, {
        prefix: prefix ?? '',
        hotDays: hotDays ?? defaultHotDays,
        shape: { shards: 1, replicas: Replicas, maxFields: 1_000, refreshInterval: '1s' },
        ...(hasRoles ? { holders: { writer: Writers, reader: Readers, keeper: Keepers, people: People } } : {}),
      });
      return [...done.map(({ what, state }) => `${what}: ${state}`), await setUpDashboards(hot.client, prefix ?? '')];
    } finally {
      await hot.close();
    }
  }
}
