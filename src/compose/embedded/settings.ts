import type { MaskSettings } from '../../core/mask-settings.ts';
import type { LogLevel } from '../../core/ports/log.ts';
import type { ProcessConfig } from '../../core/processor.ts';
import type { OtherSignal, Signal } from '../../core/signal.ts';
import type { WindowSettings } from '../../core/windows/window.ts';
import type { RateLimit } from '../../pipeline/accept/rate-limit.ts';
import type { AcceptLimits } from '../../pipeline/accept/types.ts';
import type { QueryBudget } from '../../query/budget.ts';

/** What differs by tenant; a tenant without an entry has the defaults. */
export type TenantSettings = { mask: MaskSettings; limits: AcceptLimits; warmDays: number; rate: RateLimit; keyRate: RateLimit };

/** What one embedded host is made from: plain data, so that it crosses to the store thread. Made from `logdrive.yaml` by `settings-of-config.ts`. */
/** Who is told of alerts, as `logdrive.yaml` says; channels and routing are checked when they are first needed, or at the start where they are given. */
export type AlertSettings = {
  externalUrl: string;
  channels: Record<string, unknown>;
  routing?: unknown;
  allowAddresses: string[];
  heartbeats: { name: string; url: string | { env: string } | { file: string }; every: number }[];
};

export type HostSettings = {
  alerts: AlertSettings;
  version: string;
  dataDir: string;
  host: string;
  port: number;
  logLevel: LogLevel;
  defaults: TenantSettings;
  tenants: Record<string, TenantSettings>;
  queue: { partitions: number; segmentBytes: number; keepBytes: number; maxBytes: number };
  /** A batch is sealed and committed when it is this old, or full. */
  sealAfterMs: number;
  warmFormat: 'parquet' | 'ndjson';
  process: ProcessConfig;
  /** Of the signals besides the logs: how long their records are kept, and the share of traces. */
  signals: Record<OtherSignal, { warmDays: number; process: ProcessConfig }>;
  /** Most series of metrics of a tenant in one day. */
  seriesPerDay: number;
  /** How long the roll-ups of metrics are kept, by the length of their steps. */
  rollupDays: Record<'10s' | '1m' | '1h', number>;
  canaryEveryMs: number | undefined;
  /** An open record older than this makes the host degraded. */
  residueLimitMs: number;
  cacheBytes: number;
  /** For answers that are given again. */
  resultBytes: number;
  query: QueryBudget;
  windows: WindowSettings;
};

/**
 * The settings as they are for one signal: rules of their own, one partition, the queue's bound in proportion. A tenant that has a retention of its
 * own has it for every signal.
 */
export function settingsOfSignal(settings: HostSettings, signal: OtherSignal): HostSettings {
  const { warmDays, process } = settings.signals[signal];
  const { defaults, tenants, queue } = settings;
  const over = (of: TenantSettings) => (of.warmDays === defaults.warmDays ? { ...of, warmDays } : of);
  return {
    ...settings,
    process,
    defaults: over(defaults),
    tenants: Object.fromEntries(Object.entries(tenants).map(([name, of]) => [name, over(of)])),
    queue: { ...queue, partitions: 1 },
  };
}

export const tenantSettings = ({ defaults, tenants }: HostSettings, tenant: string): TenantSettings => tenants[tenant] ?? defaults;

/** Where things are in the data folder. The logs' own are in the folder itself, each other signal's in one of its name. */
export const dataPaths = (dataDir: string, signal: Signal = 'logs') => ({
  ...lanePaths(signal === 'logs' ? dataDir : `${dataDir}/${signal}`),
  warm: `${dataDir}/warm`,
  state: `${dataDir}/state.db`,
  profiles: `${dataDir}/profiles`,
  queries: `${dataDir}/queries`,
});

const lanePaths = (folder: string) => ({
  segments: `${folder}/segments`,
  deadLetters: `${folder}/dead-letters.db`,
  marks: `${folder}/working-on`,
});
