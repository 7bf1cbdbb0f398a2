import type { MaskSettings } from '../../core/mask-settings.ts';
import type { LogLevel } from '../../core/ports/log.ts';
import type { ProcessConfig } from '../../core/processor.ts';
import type { WindowSettings } from '../../core/windows/window.ts';
import type { RateLimit } from '../../pipeline/accept/rate-limit.ts';
import type { AcceptLimits } from '../../pipeline/accept/types.ts';

/** What differs by tenant; a tenant without an entry has the defaults. */
export type TenantSettings = { mask: MaskSettings; limits: AcceptLimits; warmDays: number; rate: RateLimit; keyRate: RateLimit };

/** What one embedded host is made from: plain data, so that it crosses to the store thread. Made from `logdrive.yaml` by `settings-of-config.ts`. */
export type HostSettings = {
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
  canaryEveryMs: number | undefined;
  /** An open record older than this makes the host degraded. */
  residueLimitMs: number;
  cacheBytes: number;
  windows: WindowSettings;
};

export const tenantSettings = ({ defaults, tenants }: HostSettings, tenant: string): TenantSettings => tenants[tenant] ?? defaults;

/** Where things are in the data folder. */
export const dataPaths = (dataDir: string) => ({
  segments: `${dataDir}/segments`,
  warm: `${dataDir}/warm`,
  state: `${dataDir}/state.db`,
  deadLetters: `${dataDir}/dead-letters.db`,
  marks: `${dataDir}/working-on`,
  profiles: `${dataDir}/profiles`,
  queries: `${dataDir}/queries`,
});
