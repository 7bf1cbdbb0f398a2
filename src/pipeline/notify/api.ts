import type { ChannelConfig } from '../../alerts/channels/schema.ts';
import type { Group } from '../../alerts/routing/group.ts';
import type { RoutingConfig } from '../../alerts/routing/schema.ts';
import type { Silence, SilenceState } from '../../alerts/routing/silence.ts';
import type { TimeIntervalSpec } from '../../alerts/routing/time-interval.ts';
import type { Explanation } from './explain-alert.ts';
import type { SettledDelivery } from './types.ts';

/** Who does something, for what is written down, and whether the host's own environment and files are theirs to name. */
export type Actor = { tenant: string; by: string; isOperator: boolean };

export type RoutingAnswer = { routing: RoutingConfig; version: number; by: string | null; atMs: number | null };
export type NewSilence = {
  matchers: string[];
  startsUs?: number | undefined;
  endsUs: number | null;
  comment: string;
  createdBy: string;
  timeIntervals?: TimeIntervalSpec[] | undefined;
};
export type ShownSilence = Silence & { state: SilenceState };
export type ShownChannel = { name: string; source: 'config' | 'api'; config: unknown };
export type ShownDelivery = Omit<SettledDelivery, 'state' | 'settledMs'> & { state: 'pending' | 'sent' | 'dead'; settledMs: number | null };
export type TestResult = { delivered: boolean; tookMs: number; detail: string | null };

/** What people may see of notify and change about it. */
export interface NotifyApi {
  routing(tenant: string): Promise<RoutingAnswer>;
  /** @throws AppError INVALID_CONFIG with each fault's place, CONFLICT where the tree has another version by now */
  putRouting(actor: Actor, routing: unknown, version: number | undefined): Promise<RoutingAnswer>;
  /** What would become of an alert with these labels now. */
  explain(tenant: string, labels: Record<string, string>, action: string[]): Promise<Explanation>;
  silences(tenant: string): Promise<ShownSilence[]>;
  /** @throws AppError INVALID_CONFIG */
  addSilence(actor: Actor, silence: NewSilence): Promise<ShownSilence>;
  /** Ends a silence now. @throws AppError NOT_FOUND */
  endSilence(actor: Actor, id: string): Promise<ShownSilence>;
  groups(tenant: string): Promise<Group[]>;
  /** Acknowledges the groups that hold an alert, by the id of the alert (its episode) or of the group; `undefined` takes it back. @throws AppError NOT_FOUND */
  acknowledge(actor: Actor, id: string, ack: { by: string; comment: string } | undefined): Promise<Group[]>;
  channels(tenant: string): Promise<ShownChannel[]>;
  /** @throws AppError SCOPE_MISSING where a secret is somebody else's to name */
  putChannel(actor: Actor, name: string, config: ChannelConfig): Promise<ShownChannel>;
  /** @throws AppError NOT_FOUND, ALREADY_EXISTS where the routing tree still names it */
  deleteChannel(actor: Actor, name: string): Promise<void>;
  /** Sends a test to a channel at once. @throws AppError NOT_FOUND */
  testChannel(actor: Actor, name: string): Promise<TestResult>;
  /** Newest first. */
  deliveries(tenant: string, filter: { state?: ShownDelivery['state']; alert?: string; limit: number }): Promise<ShownDelivery[]>;
  /** Sends a dead one again, under the same dedup key. @throws AppError NOT_FOUND */
  redrive(actor: Actor, id: string): Promise<ShownDelivery>;
}
