import { createHmac } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import type { Queue } from '../../core/ports/queue.ts';
import type { OtherSignal, Signal } from '../../core/signal.ts';
import { type Accept, type AcceptDeps, createAccept } from './accept.ts';
import type { MaskSettings } from './mask.ts';
import { type RateLimit, RateLimiter } from './rate-limit.ts';
import type { AcceptLimits } from './types.ts';

export type LimitedAcceptDeps = Pick<AcceptDeps, 'clock' | 'metrics'> & {
  /** The queue of the logs, and the version of the rules its records are to meet. */
  queue: Queue;
  rulesVersion(): number;
  /** The same of any other signal. Without it only logs are taken in. @throws AppError QUEUE_UNAVAILABLE */
  laneOf?(signal: OtherSignal): Promise<Pick<AcceptDeps, 'queue' | 'rulesVersion' | 'series'>>;
  /** Of a tenant; the same objects until they change. */
  settingsOf(tenant: string): { limits: AcceptLimits; mask: MaskSettings; rate: RateLimit; keyRate: RateLimit };
  bodySecret: Uint8Array;
};

/** Makes accept with the settings of each tenant: `accept` within the rates of tenant and key, `bare` without, for the platform's own records. */
export function limitedAccept({ settingsOf, bodySecret, queue, rulesVersion, laneOf, ...deps }: LimitedAcceptDeps) {
  const tenantOfKey = new Map<string, string>();
  const limiter = new RateLimiter((of, name) => {
    const { rate, keyRate } = settingsOf(of === 'tenant' ? name : (tenantOfKey.get(name) ?? ''));
    return of === 'tenant' ? rate : keyRate;
  }, deps.clock);
  const shared = {
    ...deps,
    limits: (tenant: string) => settingsOf(tenant).limits,
    maskSettings: (tenant: string) => settingsOf(tenant).mask,
    hmac: (bytes: Uint8Array) => createHmac('sha256', bodySecret).update(bytes).digest(),
  };
  const acceptLogs = createAccept({ ...shared, queue, rulesVersion });
  const others = new Map<Signal, Promise<Accept>>();
  const acceptOther = (signal: OtherSignal): Promise<Accept> => {
    const known = others.get(signal);
    if (known) return known;
    if (!laneOf) throw new AppError('NOT_FOUND', `this host takes no ${signal} in`);
    const made = laneOf(signal).then((lane) => createAccept({ ...shared, ...lane }));
    others.set(signal, made);
    made.catch(() => others.delete(signal));
    return made;
  };
  /** Each signal has a queue of its own, and idempotency keys of its own. */
  const bare: Accept = async (request) => {
    const { signal = 'logs' } = request;
    return signal === 'logs' ? acceptLogs(request) : (await acceptOther(signal))(request);
  };
  const accept: Accept = async (request) => {
    if (tenantOfKey.get(request.keyId) !== request.tenant) tenantOfKey.set(request.keyId, request.tenant);
    limiter.take(request.tenant, request.keyId);
    const answer = await bare(request);
    limiter.spend(request.tenant, request.keyId, answer.accepted);
    return answer;
  };
  return { accept, bare, limiter, hmac: shared.hmac };
}
