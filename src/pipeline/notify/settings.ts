import { type ChannelConfig, channelSchema } from '../../alerts/channels/schema.ts';
import { compileRouting, type Routing } from '../../alerts/routing/routing.ts';
import type { RoutingConfig } from '../../alerts/routing/schema.ts';
import type { Silence } from '../../alerts/routing/silence.ts';
import type { StateStore, Versioned } from '../../core/ports/state-store.ts';
import { notifyKeys } from './keys.ts';
import type { AlertDefaults } from './types.ts';

/** A routing tree as it is stored for a tenant. */
export type StoredRouting = { routing: RoutingConfig; number: number; by: string; atMs: number };
/** A tenant's routing: version 0 is the one of the configuration. */
export type TenantRouting = { routing: Routing; version: number; by: string | null; atMs: number | null };
export type TenantChannel = { config: ChannelConfig; source: 'config' | 'api'; version: number };

/** Reads what a tenant has set, over what is configured for all. */
export class NotifySettings {
  readonly #state: StateStore;
  readonly #defaults: AlertDefaults;
  readonly #compiled = new Map<string, { stored: Versioned<StoredRouting> | undefined; names: string; routing: Routing }>();

  readonly #isRemembering: boolean;
  readonly #routings = new Map<string, Promise<TenantRouting>>();
  readonly #channels = new Map<string, Promise<Map<string, TenantChannel>>>();

  /** `isRemembering`: what was read holds until `forget`, so that a pass over many groups reads it once. */
  constructor(state: StateStore, defaults: AlertDefaults, isRemembering = false) {
    this.#state = state;
    this.#defaults = defaults;
    this.#isRemembering = isRemembering;
  }

  forget(): void {
    this.#routings.clear();
    this.#channels.clear();
  }

  routing(tenant: string): Promise<TenantRouting> {
    return this.#once(this.#routings, tenant, () => this.#readRouting(tenant));
  }

  /** Channels by name: those of the configuration, and those of the tenant over them. */
  channels(tenant: string): Promise<Map<string, TenantChannel>> {
    return this.#once(this.#channels, tenant, () => this.#readChannels(tenant));
  }

  #once<T>(known: Map<string, Promise<T>>, tenant: string, read: () => Promise<T>): Promise<T> {
    const found = known.get(tenant);
    if (found) return found;
    const made = read();
    if (!this.#isRemembering) return made;
    made.catch(() => known.delete(tenant));
    known.set(tenant, made);
    return made;
  }

  async #readRouting(tenant: string): Promise<TenantRouting> {
    const known = this.#compiled.get(tenant);
    const stored = await this.#state.get<StoredRouting>(notifyKeys.routing(tenant), known?.stored);
    const names = [...(await this.channels(tenant)).keys()];
    const { number = 0, by = null, atMs = null } = stored?.value ?? {};
    if (known && known.stored === stored && known.names === names.join(' ')) return { routing: known.routing, version: number, by, atMs };
    const routing = compileRouting(stored?.value.routing ?? this.#defaults.routing, names);
    this.#compiled.set(tenant, { stored, names: names.join(' '), routing });
    return { routing, version: number, by, atMs };
  }

  async #readChannels(tenant: string): Promise<Map<string, TenantChannel>> {
    const own = await this.#state.list<ChannelConfig>(notifyKeys.channels(tenant));
    const prefix = notifyKeys.channels(tenant).length;
    return new Map<string, TenantChannel>([
      ...Object.entries(this.#defaults.channels).map(([name, config]) => [name, { config, source: 'config', version: 0 }] as const),
      ...own.map(({ key, value, version }) => [key.slice(prefix), { config: channelSchema.parse(value), source: 'api', version }] as const),
    ]);
  }

  async silences(tenant: string): Promise<Silence[]> {
    return (await this.#state.list<Silence>(notifyKeys.silences(tenant))).map(({ value }) => value);
  }
}
