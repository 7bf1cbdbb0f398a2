import type { Environment } from '../../../lambdas/environment.ts';
import type { KafkaQueue } from '../../adapters/queue/kafka/kafka-queue.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { Accept } from '../../pipeline/accept/accept.ts';
import { limitedAccept } from '../../pipeline/accept/limited-accept.ts';
import type { RateLimiter } from '../../pipeline/accept/rate-limit.ts';
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
  /** Keyed digest of a body. */
  hmac(bytes: Uint8Array): Uint8Array;
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
  const rulesVersion = () => rules.version;
  const limited = limitedAccept({ queue, clock, metrics, rulesVersion, bodySecret: secret, settingsOf: settings.of });
  const { accept, bare: acceptAlways, limiter, hmac } = limited;
  return { state, queue, settings, accept, acceptAlways, limiter, rulesVersion, hmac };
}
