import { createHmac } from 'node:crypto';
import type { Environment } from '../../../lambdas/environment.ts';
import type { KafkaQueue } from '../../adapters/queue/kafka/kafka-queue.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { type Accept, createAccept } from '../../pipeline/accept/accept.ts';
import { RateLimiter } from '../../pipeline/accept/rate-limit.ts';
import { versionedRules } from '../../pipeline/process-rules.ts';
import { secretOf } from '../embedded/secrets.ts';
import type { FunctionRuntime } from './function-runtime.ts';
import { type KafkaEnvironment, openQueue } from './open-queue.ts';
import { openState } from './open-state.ts';
import { type FunctionSettings, readSettings } from './settings.ts';

export type AcceptEnvironment = KafkaEnvironment & Environment<'LOGDRIVE_TABLE' | 'LOGDRIVE_SETTINGS'>;

export type Accepting = {
  state: StateStore;
  queue: KafkaQueue;
  settings: FunctionSettings;
  /** Within the rates of its tenant and key. They are counted in each execution environment by itself. */
  accept: Accept;
  /** Without rates: for the platform's own records. */
  acceptAlways: Accept;
  limiter: RateLimiter;
  rulesVersion(): number;
};

/** Builds the verb accept over Kafka: for ingest, for records produced straight to Kafka, and for the canary. */
export async function buildAccepting({ env, clock, log, metrics }: FunctionRuntime<AcceptEnvironment>): Promise<Accepting> {
  const settings = readSettings(env.LOGDRIVE_SETTINGS);
  const state = openState(env);
  const [queue, rules, secret] = await Promise.all([
    openQueue(env, state, { clock, log }),
    versionedRules(state, settings.process),
    secretOf(state, 'bodies'),
  ]);
  const tenantOfKey = new Map<string, string>();
  const limiter = new RateLimiter((of, name) => {
    const { rate, keyRate } = settings.of(of === 'tenant' ? name : (tenantOfKey.get(name) ?? ''));
    return of === 'tenant' ? rate : keyRate;
  }, clock);
  const rulesVersion = () => rules.version;
  const acceptAlways = createAccept({
    queue,
    clock,
    limits: (tenant) => settings.of(tenant).limits,
    maskSettings: (tenant) => settings.of(tenant).mask,
    rulesVersion,
    hmac: (bytes) => createHmac('sha256', secret).update(bytes).digest(),
    metrics,
  });
  const accept: Accept = async (request) => {
    if (tenantOfKey.get(request.keyId) !== request.tenant) tenantOfKey.set(request.keyId, request.tenant);
    limiter.take(request.tenant, request.keyId);
    const answer = await acceptAlways(request);
    limiter.spend(request.tenant, request.keyId, answer.accepted);
    return answer;
  };
  return { state, queue, settings, accept, acceptAlways, limiter, rulesVersion };
}
