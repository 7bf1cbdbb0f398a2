import type { Group } from '../../alerts/routing/group.ts';
import { maxStateWrites, type StateStore, type StateWrite, type Versioned } from '../../core/ports/state-store.ts';
import { notifyKeys } from './keys.ts';

/** `base` is the group, as the book gave it, that `next` was made from; `undefined` where there was none. */
export type GroupChange = { tenant: string; id: string; base: Group | undefined; next: Group | undefined };

/** Every group, as the state store has it: read once, kept up by what is written here, read again where somebody else has written. */
export class GroupBook {
  readonly #state: StateStore;
  readonly #groups = new Map<string, Versioned<Group>>();
  /** By tenant and fingerprint: the keys of the groups that hold the alert. */
  readonly #holders = new Map<string, Set<string>>();

  constructor(state: StateStore) {
    this.#state = state;
  }

  /** Reads all groups anew. */
  async load(): Promise<void> {
    const rows = await this.#state.list<Group>(notifyKeys.groups);
    this.#groups.clear();
    this.#holders.clear();
    for (const { key, value, version } of rows) this.#keep(key, { value, version });
  }

  get size(): number {
    return this.#groups.size;
  }

  all(): Group[] {
    return [...this.#groups.values()].map(({ value }) => value);
  }

  get(tenant: string, id: string): Group | undefined {
    return this.#groups.get(notifyKeys.group(tenant, id))?.value;
  }

  /** The groups that hold an alert. */
  holders(tenant: string, fingerprint: string): Group[] {
    return [...(this.#holders.get(`${tenant} ${fingerprint}`) ?? [])].map((key) => this.#groups.get(key)!.value);
  }

  #writes(changes: readonly GroupChange[]): StateWrite[] {
    return changes.map(({ tenant, id, next }) => {
      const key = notifyKeys.group(tenant, id);
      return { key, version: this.#groups.get(key)?.version ?? 0, value: next };
    });
  }

  /** Writes changes of groups and what belongs to them together; where somebody else was first, reads everything anew and tells `false`. */
  async commit(changes: readonly GroupChange[], others: readonly StateWrite[] = []): Promise<boolean> {
    // What was read anew since may not be overwritten with what was made from what it was before.
    if (changes.some(({ tenant, id, base }) => this.get(tenant, id) !== base)) return false;
    const writes = [...this.#writes(changes), ...others];
    const held = writes.length <= maxStateWrites && (await this.#state.transact(writes));
    if (!held) {
      await this.load();
      return false;
    }
    for (const { tenant, id, next } of changes) {
      const key = notifyKeys.group(tenant, id);
      const row = next && (await this.#state.get<Group>(key));
      if (row) this.#keep(key, row);
      else this.#forget(key);
    }
    return true;
  }

  #keep(key: string, row: Versioned<Group>): void {
    this.#forget(key);
    this.#groups.set(key, row);
    for (const fingerprint of Object.keys(row.value.alerts)) {
      const at = `${row.value.tenant} ${fingerprint}`;
      const keys = this.#holders.get(at);
      if (keys) keys.add(key);
      else this.#holders.set(at, new Set([key]));
    }
  }

  #forget(key: string): void {
    const known = this.#groups.get(key);
    if (!known) return;
    this.#groups.delete(key);
    for (const fingerprint of Object.keys(known.value.alerts)) {
      const at = `${known.value.tenant} ${fingerprint}`;
      const keys = this.#holders.get(at);
      keys?.delete(key);
      if (keys?.size === 0) this.#holders.delete(at);
    }
  }
}
