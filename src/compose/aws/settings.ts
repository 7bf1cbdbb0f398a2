import * as z from 'zod';
import { configSchema } from '../../config/schema.ts';
import { AppError } from '../../core/errors.ts';
import type { ProcessConfig } from '../../core/processor.ts';
import type { AlertSettings, TenantSettings } from '../embedded/settings.ts';
import { settingsOfConfig } from '../embedded/settings-of-config.ts';

/** What differs by tenant, and the rules of process: the part of logdrive.yaml that functions have. */
export type FunctionSettings = {
  of(tenant: string): TenantSettings;
  tenants: Record<string, TenantSettings>;
  defaults: TenantSettings;
  process: ProcessConfig;
  alerts: AlertSettings;
};

/** Lambda is given 6 MB at most, a binary body in base64: this much is left of it. */
const maxSentBytes = 4 * 1024 * 1024;

const { alerts, limits, mask, process, rateLimit, tenants, warm } = configSchema.shape;
const settingsSchema = z.strictObject({ alerts, limits, mask, process, rateLimit, tenants, warm });

/**
 * Reads `LOGDRIVE_SETTINGS`: JSON with these keys of logdrive.yaml. No body may be larger as sent than a function can be given.
 * @throws AppError INVALID_CONFIG
 */
export function readSettings(json: string, warmDays?: number): FunctionSettings {
  const parsed = settingsSchema.safeParse(parse(json));
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
    throw new AppError('INVALID_CONFIG', `LOGDRIVE_SETTINGS: ${faults.join('; ')}`);
  }
  const config = configSchema.parse({});
  const all = settingsOfConfig({ ...config, ...parsed.data, warm: { ...parsed.data.warm, days: warmDays ?? parsed.data.warm.days } }, '');
  const bounded = (settings: TenantSettings): TenantSettings => ({
    ...settings,
    limits: { ...settings.limits, sentBytes: Math.min(settings.limits.sentBytes, maxSentBytes) },
  });
  const defaults = bounded(all.defaults);
  const tenantsBounded = Object.fromEntries(Object.entries(all.tenants).map(([name, settings]) => [name, bounded(settings)]));
  return {
    defaults,
    tenants: tenantsBounded,
    of: (tenant) => tenantsBounded[tenant] ?? defaults,
    process: all.process,
    alerts: { ...all.alerts, externalUrl: parsed.data.alerts.externalUrl },
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new AppError('INVALID_CONFIG', `LOGDRIVE_SETTINGS is not JSON: ${(cause as Error).message}`, { cause });
  }
}
