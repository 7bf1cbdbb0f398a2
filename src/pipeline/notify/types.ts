import type { ChannelConfig } from '../../alerts/channels/schema.ts';
import type { RoutingConfig } from '../../alerts/routing/schema.ts';
import type { Transition } from '../../alerts/transition.ts';
import type { Clock } from '../../core/clock.ts';
import type { GroupNotice } from '../../core/notice.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Notifier } from '../../core/ports/notifier.ts';
import type { StateStore } from '../../core/ports/state-store.ts';

/** One notification on its way to one channel. Its id is the dedup key: the same over all retries, never used for anything else. */
export type Delivery = {
  id: string;
  tenant: string;
  group: string;
  channel: string;
  receiver: string;
  seq: number;
  notice: GroupNotice;
  createdMs: number;
  attempts: number;
  /** Not to be tried before. */
  nextMs: number;
  lastError: string | null;
  /** Who is trying it, until when others leave it alone. */
  lease: { by: string; untilMs: number } | null;
};

/** A delivery that is over: taken by the channel, or given up. */
export type SettledDelivery = Delivery & { state: 'sent' | 'dead'; settledMs: number };

/** What is configured for every tenant, in `logdrive.yaml`. */
export type AlertDefaults = {
  channels: Record<string, ChannelConfig>;
  routing: RoutingConfig;
  /** Where this platform can be reached, for links; without a slash at the end. */
  externalUrl: string;
};

export type NotifyDeps = {
  state: StateStore;
  clock: Clock;
  log: Log;
  defaults: AlertDefaults;
  /** 16 or more hex digits, the same for the same text for ever. */
  hash(text: string): string;
  /** A new random text. */
  newId(): string;
  /** Opens a channel; called once for each configuration. @throws AppError INVALID_CONFIG */
  open(config: ChannelConfig, name: string): Promise<Notifier>;
  /** Hands every transition on (`alerts.triggered`), at least once, before it is taken over. */
  publish(transitions: Transition[]): Promise<void>;
  /** True where this process alone delivers: leases of others are of processes that have died. */
  isAlone: boolean;
  random?: () => number;
};
