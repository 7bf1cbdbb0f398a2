import { createHmac } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Queue } from '../../core/ports/queue.ts';
import { type Accept, createAccept } from '../../pipeline/accept/accept.ts';
import { RateLimiter } from '../../pipeline/accept/rate-limit.ts';
import type { PlatformMetrics } from '../../pipeline/platform-metrics.ts';
import { type HostSettings, tenantSettings } from './settings.ts';

export type LimitedAcceptDeps = {
  queue: Queue;
  clock: Clock;
  settings: HostSettings;
  bodySecret: Uint8Array;
  metrics: PlatformMetrics;
};

/** Makes accept with the settings of each tenant: `accept` within the rates of tenant and key, `bare` without, for the host's own records. */
export function limitedAccept({ queue, clock, settings, bodySecret, metrics }: LimitedAcceptDeps) {
  const tenantOfKey = new Map<string, string>();
  const limiter = new RateLimiter((of, name) => {
    const { rate, keyRate } = tenantSettings(settings, of === 'tenant' ? name : (tenantOfKey.get(name) ?? ''));
    return of === 'tenant' ? rate : keyRate;
  }, clock);
  const bare = createAccept({
    queue,
    clock,
    limits: (tenant) => tenantSettings(settings, tenant).limits,
    maskSettings: (tenant) => tenantSettings(settings, tenant).mask,
    rulesVersion: () => settings.process.version,
    hmac: (bytes) => createHmac('sha256', bodySecret).update(bytes).digest(),
    metrics,
  });
  const accept: Accept = async (request) => {
    if (tenantOfKey.get(request.keyId) !== request.tenant) tenantOfKey.set(request.keyId, request.tenant);
    limiter.take(request.tenant, request.keyId);
    const answer = await bare(request);
    limiter.spend(request.tenant, request.keyId, answer.accepted);
    return answer;
  };
  return { accept, bare, rate: (tenant: string, keyId: string) => limiter.status(tenant, keyId) };
}
