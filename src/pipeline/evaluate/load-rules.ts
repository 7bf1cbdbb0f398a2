import type { KeptRule } from '../../alerts/evaluate/compile.ts';
import type { Log } from '../../core/ports/log.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { ruleKeys } from '../rules/keys.ts';
import { ruleOf, type StoredRule } from '../rules/stored-rule.ts';

/** Follows the rules of all tenants: reads them again only when any has changed. */
export class RuleFollower {
  readonly #state: StateStore;
  readonly #log: Log;
  #revision: number | undefined;
  readonly #known = new Map<string, { version: number; kept: KeptRule | undefined }>();

  constructor(state: StateStore, log: Log) {
    this.#state = state;
    this.#log = log;
  }

  /** The rules by tenant, where they changed since the last call; undefined where not. */
  async changes(): Promise<Map<string, KeptRule[]> | undefined> {
    const revision = (await this.#state.get<number>(ruleKeys.revision))?.version ?? 0;
    if (revision === this.#revision) return undefined;
    const byTenant = new Map<string, KeptRule[]>();
    for (const { key, value, version } of await this.#state.list<StoredRule>(ruleKeys.rules)) {
      let known = this.#known.get(key);
      if (known?.version !== version) {
        known = { version, kept: this.#keptOf(key, value) };
        this.#known.set(key, known);
      }
      if (!known.kept) continue;
      const rules = byTenant.get(value.tenant) ?? [];
      byTenant.set(value.tenant, rules);
      rules.push(known.kept);
    }
    this.#revision = revision;
    return byTenant;
  }

  #keptOf(key: string, stored: StoredRule): KeptRule | undefined {
    try {
      return { rule: ruleOf(stored), version: stored.version, sinceUs: stored.createdAtMs * 1_000, isRetired: stored.isDeleted };
    } catch (error) {
      this.#log.error({ error, key }, 'a stored rule cannot be read, it is not evaluated');
      return undefined;
    }
  }
}
