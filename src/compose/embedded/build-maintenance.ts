import type { Catalogue } from '../../pipeline/catalogue.ts';
import type { StorageTier } from '../../pipeline/store-api.ts';

export type Maintenance = {
  committed(part: unknown): void;
  analytics(tenant: string, hour: string): Promise<Record<string, unknown> | undefined>;
  storage(tenant: string | undefined): Promise<StorageTier[]>;
  compact(all: boolean): Promise<{ read: number; written: number }>;
  start(): void;
  stop(): Promise<void>;
};

export function buildMaintenance(_deps: { catalogue: Catalogue } & Record<string, unknown>): Maintenance {
  return {
    committed() {},
    analytics: async () => undefined,
    storage: async () => [],
    compact: async () => ({ read: 0, written: 0 }),
    start() {},
    async stop() {},
  };
}
