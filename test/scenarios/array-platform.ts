import { createHmac, randomBytes } from 'node:crypto';
import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import { systemClock } from '../../src/core/clock.ts';
import { AppError } from '../../src/core/errors.ts';
import { defaultTenant } from '../../src/core/tenant.ts';
import { createAccept } from '../../src/pipeline/accept/accept.ts';
import { defaultMaskSettings } from '../../src/pipeline/accept/mask.ts';
import { defaultLimits } from '../../src/pipeline/accept/types.ts';
import { createDocuments } from '../../src/pipeline/documents.ts';
import { Metrics } from '../../src/pipeline/metrics.ts';
import { onlyLogs } from '../../src/pipeline/only-logs.ts';
import type { ApiKey, Caller, Keys, Platform } from '../../src/pipeline/platform.ts';
import { type PlatformMetrics, platformMetrics } from '../../src/pipeline/platform-metrics.ts';
import { lazyAlertRules } from '../../src/pipeline/rules/lazy-alert-rules.ts';
import { arrayQueue } from './array-queue.ts';
import { type ArrayStore, arrayStore } from './array-store.ts';
import { notifyApi } from './notify-api.ts';

export type ArrayPlatform = Platform & { store: ArrayStore; metricsOf: PlatformMetrics };

/**
 * The smallest honest platform: the real accept, records in an array, keys in a map, everything in this process; it promises no durability.
 * For driving the HTTP layer beside a whole host.
 */
export function arrayPlatform(): ArrayPlatform {
  const store = arrayStore();
  const hmacKey = randomBytes(32);
  const registry = new Metrics();
  const metricsOf = platformMetrics(registry);
  const keys = mapKeys();
  return {
    open: async () => !(await keys.any()),
    accept: createAccept({
      queue: arrayQueue((records) => store.append(records)),
      clock: systemClock,
      limits: () => defaultLimits,
      maskSettings: () => defaultMaskSettings,
      rulesVersion: () => 1,
      hmac: (bytes) => createHmac('sha256', hmacKey).update(bytes).digest(),
      metrics: metricsOf,
    }),
    keys,
    documents: createDocuments({ state: new MemoryStateStore(), clock: systemClock }),
    notify: notifyApi(new MemoryStateStore()),
    rules: lazyAlertRules({ state: new MemoryStateStore(), clock: systemClock, storeOf: onlyLogs(store) }),
    store,
    storeOf: onlyLogs(store),
    metricsOf,
    readiness: async () => ({ ready: true, dependencies: [{ name: 'queue', state: 'ok' }] }),
    metrics: async () => registry.text(),
    stats: async () => ({ uptime_s: process.uptime(), rss_bytes: process.memoryUsage.rss() }),
    profile: async (kind) => [`front.${kind}profile`],
  };
}

function mapKeys(): Keys {
  const bySecret = new Map<string, ApiKey>();
  const byId = (id: string): ApiKey => {
    const key = [...bySecret.values()].find((candidate) => candidate.id === id);
    if (!key) throw new AppError('NOT_FOUND', `there is no key with the id ${id}`);
    return key;
  };
  const secretFor = (key: ApiKey) => {
    const secret = `ld_${randomBytes(16).toString('hex')}`;
    bySecret.set(secret, key);
    return { key, secret };
  };
  return {
    any: async () => bySecret.size > 0,
    check: async (secret): Promise<Caller> => {
      const key = bySecret.get(secret);
      if (!key || key.revokedAtMs !== undefined) throw new AppError('UNAUTHENTICATED', 'the API key is not known here');
      return { tenant: key.tenant, keyId: key.id, scopes: key.scopes };
    },
    create: async ({ tenant = defaultTenant, name, scopes, expiresAtMs }) =>
      secretFor({
        id: `k-${bySecret.size + 1}`,
        tenant,
        name,
        scopes,
        createdAtMs: Date.now(),
        expiresAtMs,
        revokedAtMs: undefined,
        lastUsedAtMs: undefined,
        rotatedUntilMs: undefined,
      }),
    list: async (tenant) => [...new Set(bySecret.values())].filter((key) => tenant === undefined || key.tenant === tenant),
    rotate: async (id, overlapMs) => {
      const key = byId(id);
      key.rotatedUntilMs = Date.now() + overlapMs;
      return secretFor(key);
    },
    revoke: async (id) => Object.assign(byId(id), { revokedAtMs: Date.now() }),
  };
}
