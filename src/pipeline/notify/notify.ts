import type { Versioned } from '../../core/ports/state-store.ts';
import { Channels } from './channels.ts';
import { Deliverer } from './deliver.ts';
import { GroupFlusher } from './flush-due.ts';
import { GroupBook } from './group-book.ts';
import { notifyKeys } from './keys.ts';
import { NotifySettings } from './settings.ts';
import { takeOver } from './take-over.ts';
import type { NotifyDeps, SettledDelivery } from './types.ts';

/** How many deliveries of a tenant are remembered, and for how long. Dead letters are kept longer: they can be sent again. */
const maxSettled = 1_000;
const keepMs = 7 * 86_400_000;
const keepDeadMs = 30 * 86_400_000;
const silenceKeepUs = 5 * 86_400e6;

/** The verb: takes over what the evaluator left, decides what groups have to tell, and delivers it. */
export class Notify {
  readonly settings: NotifySettings;
  readonly channels: Channels;
  readonly book: GroupBook;
  readonly #deps: NotifyDeps;
  readonly #flusher: GroupFlusher;
  readonly #deliverer: Deliverer;
  readonly #by: string;
  #isLoaded = false;

  constructor(deps: NotifyDeps) {
    this.#deps = deps;
    this.#by = deps.newId();
    this.settings = new NotifySettings(deps.state, deps.defaults, true);
    this.channels = new Channels(deps, this.settings);
    this.book = new GroupBook(deps.state);
    this.#flusher = new GroupFlusher(deps, this.book, this.settings);
    this.#deliverer = new Deliverer(deps, this.channels, this.#by);
  }

  /** Takes the outbox over and stores what is due to be told; tells whether there is something to deliver. Never at the same time twice. */
  async decide(): Promise<{ taken: number; planned: number }> {
    if (!this.#isLoaded || !this.#deps.isAlone) await this.book.load();
    this.#isLoaded = true;
    this.settings.forget();
    const taken = await takeOver(this.#deps, this.book, this.settings);
    return { taken, planned: await this.#flusher.flush(this.#by) };
  }

  /** Delivers what is stored and due; resolves to when the next attempt is, in epoch milliseconds. Never at the same time twice. */
  deliver(): Promise<number | undefined> {
    this.settings.forget();
    return this.#deliverer.deliver();
  }

  /** When `decide` has something to do next without new transitions, in epoch milliseconds. */
  nextDecisionMs(): Promise<number | undefined> {
    return this.#flusher.nextMs();
  }

  /** One whole pass, for hosts that are called by a schedule. */
  async pass(): Promise<{ taken: number; planned: number }> {
    const decided = await this.decide();
    await this.deliver();
    return decided;
  }

  /** Forgets deliveries and silences that are long over. */
  async prune(): Promise<void> {
    const { state, clock } = this.#deps;
    const nowMs = clock.nowMs();
    const byTenant = Map.groupBy(await state.list<SettledDelivery>(notifyKeys.settledAll), ({ value }) => value.tenant);
    const old: ({ key: string } & Versioned<unknown>)[] = [];
    for (const rows of byTenant.values()) {
      const excess = rows.length - maxSettled;
      old.push(...rows.filter(({ value }, i) => i < excess || value.settledMs < nowMs - (value.state === 'dead' ? keepDeadMs : keepMs)));
    }
    const silences = await state.list<{ endsUs: number | null }>('alerts/silences/');
    old.push(...silences.filter(({ value: { endsUs } }) => endsUs !== null && endsUs < nowMs * 1000 - silenceKeepUs));
    for (const { key, version } of old) await state.compareAndSet(key, version, undefined);
  }

  close(): Promise<void> {
    return this.channels.close();
  }
}
