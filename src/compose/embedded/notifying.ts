import { outboxPrefix, type Transition } from '../../alerts/transition.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { NotifyApi } from '../../pipeline/notify/api.ts';
import { notifyKeys } from '../../pipeline/notify/keys.ts';
import type { NotifyLoop } from '../../pipeline/notify/loop.ts';
import type { BuiltNotify } from './build-notify.ts';
import type { AlertSettings } from './settings.ts';

export type NotifyingDeps = {
  state: StateStore;
  clock: Clock;
  log: Log;
  settings: AlertSettings;
  /** Whether this process alone delivers. */
  isAlone: boolean;
  publish(transitions: Transition[]): Promise<void>;
  /** True where only the API is served: others decide and deliver. */
  isAsleep?: boolean;
};

/** Notify in a host: nothing of it is loaded and no timer runs until there is something to tell or somebody asks. */
export class Notifying {
  readonly #deps: NotifyingDeps;
  #built: Promise<BuiltNotify> | undefined;
  #loop: Promise<NotifyLoop> | undefined;
  #heartbeats: { stop(): Promise<void> } | undefined;
  #evaluatedMs: number | undefined;

  constructor(deps: NotifyingDeps) {
    this.#deps = deps;
  }

  /** Checks what is configured, where something is. @throws AppError INVALID_CONFIG with the place */
  async check(): Promise<void> {
    const { channels, routing, allowAddresses } = this.#deps.settings;
    if (routing !== undefined || Object.keys(channels).length > 0 || allowAddresses.length > 0) await this.#build();
  }

  async api(): Promise<NotifyApi> {
    return (await this.#build()).api;
  }

  /** Goes on with what a former process left, and begins to ping. */
  async start(): Promise<void> {
    const { state, settings } = this.#deps;
    for (const prefix of [outboxPrefix, notifyKeys.groups, notifyKeys.pending]) {
      if ((await state.list(prefix)).length > 0) this.wake();
    }
    if (settings.heartbeats.length > 0) this.#heartbeats = (await this.#build()).startHeartbeats(() => this.#evaluatedMs);
  }

  /** The evaluator has ended a pass: there may be something to tell. */
  evaluated(): void {
    this.#evaluatedMs = this.#deps.clock.nowMs();
    if (this.#loop) this.wake();
    else
      this.#deps.state.list(outboxPrefix).then(
        (entries) => entries.length > 0 && this.wake(),
        (error: unknown) => this.#deps.log.error({ error }, 'the outbox of alerts cannot be read'),
      );
  }

  /** Looks for what is to be told, now. */
  wake(): void {
    if (this.#deps.isAsleep) return;
    if (this.#loop) void this.#loop.then((loop) => loop.wake());
    else {
      this.#loop = this.#build().then((built) => built.startLoop());
      this.#loop.catch((error: unknown) => this.#deps.log.error({ error }, 'notify could not be started'));
    }
  }

  async stop(): Promise<void> {
    await this.#heartbeats?.stop();
    await this.#loop?.then((loop) => loop.stop());
  }

  #build(): Promise<BuiltNotify> {
    this.#built ??= import('./build-notify.ts').then(({ buildNotify }) => buildNotify(this.#deps, () => this.wake()));
    return this.#built;
  }
}
