import type { Config } from '../../config/load-config.ts';
import { defaultMaskSettings, type MaskSettings } from '../../core/mask-settings.ts';
import type { ProcessConfig } from '../../core/processor.ts';
import type { QueryBudget } from '../../query/budget.ts';
import type { HostSettings, TenantSettings } from './settings.ts';

type MaskConfig = Config['mask'];

/** What was translated from another form already has nothing left to parse. */
const asIs: ProcessConfig = { version: 1, parse: 'off', steps: [] };

const sampling = (keep: number): ProcessConfig => (keep === 1 ? asIs : { ...asIs, steps: [{ use: 'sample-traces', keep }] });

/** Turns `logdrive.yaml`, read, into what a host is made from: the settings of single tenants are laid over those of all. */
export function settingsOfConfig(config: Config, version: string): HostSettings {
  const defaults: TenantSettings = {
    mask: maskSettings(config.mask),
    limits: config.limits,
    warmDays: config.warm.days,
    rate: config.rateLimit.tenant,
    keyRate: config.rateLimit.key,
  };
  const tenants = Object.fromEntries(
    Object.entries(config.tenants).map(([name, over]): [string, TenantSettings] => [
      name,
      {
        mask: over.mask ? maskSettings({ ...config.mask, ...present(over.mask) }) : defaults.mask,
        limits: { ...defaults.limits, ...present(over.limits) },
        warmDays: over.warm?.days ?? defaults.warmDays,
        rate: { ...defaults.rate, ...present(over.rateLimit?.tenant) },
        keyRate: { ...defaults.keyRate, ...present(over.rateLimit?.key) },
      },
    ]),
  );
  const { externalUrl, ...alerts } = config.alerts;
  return {
    version,
    alerts: { ...alerts, externalUrl: (externalUrl || `http://${config.server.host}:${config.server.port}`).replace(/\/+$/, '') },
    dataDir: config.dataDir,
    host: config.server.host,
    port: config.server.port,
    logLevel: config.log.level,
    defaults,
    tenants,
    queue: config.queue,
    sealAfterMs: config.seal.after,
    warmFormat: config.warm.format,
    process: config.process,
    signals: {
      metrics: { warmDays: config.metrics.days, process: asIs },
      events: { warmDays: config.events.days, process: asIs },
      traces: { warmDays: config.traces.days, process: sampling(config.traces.keep) },
    },
    rollupDays: { '10s': config.metrics.rollups.tenSeconds, '1m': config.metrics.rollups.minute, '1h': config.metrics.rollups.hour },
    seriesPerDay: config.metrics.seriesPerDay,
    canaryEveryMs: config.canary.enabled ? config.canary.every : undefined,
    residueLimitMs: config.ledger.residueAfter,
    cacheBytes: config.query.cacheBytes,
    resultBytes: config.query.resultBytes,
    query: budgetOf(config.query),
    windows: { latenessUs: config.windows.lateness * 1_000, latencyKeys: config.windows.latency },
  };
}

const budgetOf = ({ timeout, scanBytes, groups, memoryBytes }: Config['query']): QueryBudget => ({
  timeoutMs: timeout,
  scanBytes,
  groups,
  memoryBytes,
});

function maskSettings({ names, addNames, ...rest }: MaskConfig): MaskSettings {
  return { ...defaultMaskSettings, ...rest, names: [...names, ...addNames] };
}

/** Leaves out what is not set, so that it does not cover what it is laid over. */
function present<T extends object>(given: T | undefined): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined)) as never;
}
