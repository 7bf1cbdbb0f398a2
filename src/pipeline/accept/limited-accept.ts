import { createHmac } from 'node:crypto';
import { type Accept, type AcceptDeps, createAccept } from './accept.ts';
import type { MaskSettings } from './mask.ts';
import { type RateLimit, RateLimiter } from './rate-limit.ts';
import type { AcceptLimits } from './types.ts';

export type LimitedAcceptDeps = Pick<AcceptDeps, 'queue' | 'clock' | 'rulesVersion' | 'metrics'> & {
  /** Of a tenant; the same objects until they change. */
  settingsOf(tenant: string): { limits: AcceptLimits; mask: MaskSettings; rate: RateLimit; keyRate: RateLimit };
  bodySecret: Uint8Array;
};

/** Makes accept with the settings of each tenant: `accept` within the rates of tenant and key, `bare` without, for the platform's own records. */
export function limitedAccept({ settingsOf, bodySecret, ...deps }: LimitedAcceptDeps) {
  const tenantOfKey = new Map<string, string>();
  const limiter = new RateLimiter((of, name) => {
    const { rate, keyRate } = settingsOf(of === 'tenant' ? name : (tenantOfKey.get(name) ?? ''));
    return of === 'tenant' ? rate : keyRate;
  }, deps.clock);
  const bare = createAccept({
    ...deps,
    limits: (tenant) => settingsOf(tenant).limits,
    maskSettings: (tenant) => settingsOf(tenant).mask,
    hmac: (bytes) => createHmac('sha256', bodySecret).update(bytes).digest(),
  });
  const accept: Accept = async (request) => {
    if (tenantOfKey.get(request.keyId) !== request.tenant) tenantOfKey.set(request.keyId, request.tenant);
    limiter.take(request.tenant, request.keyId);
    const answer = await bare(request);
    limiter.spend(request.tenant, request.keyId, answer.accepted);
    return answer;
  };
  return { accept, bare, limiter };
}
