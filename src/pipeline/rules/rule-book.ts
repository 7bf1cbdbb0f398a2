import { parseRule } from '../../alerts/rule/parse-rule.ts';
import { refuseRule } from '../../alerts/rule/refuse.ts';
import { type Rule, referencesOf } from '../../alerts/rule/rule.ts';
import { refuseFailing } from '../../alerts/run-tests.ts';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import type { StateStore, Versioned } from '../../core/ports/state-store.ts';
import type { Json } from '../../query/ast/json.ts';
import { ruleKeys } from './keys.ts';
import { type RuleVersion, ruleOf, type StoredRule } from './stored-rule.ts';

const maxRules = 10_000;
const maxSourceBytes = 64 * 1024;

/** The rules of all tenants in a state store: each save is checked, tested, versioned, and names the key that made it. */
export class RuleBook {
  readonly #state: StateStore;
  readonly #clock: Clock;

  constructor({ state, clock }: { state: StateStore; clock: Clock }) {
    this.#state = state;
    this.#clock = clock;
  }

  /** The rules of a tenant by name. */
  async list(tenant: string): Promise<StoredRule[]> {
    return (await this.#state.list<StoredRule>(ruleKeys.rulesOf(tenant))).map(({ value }) => value).filter(({ isDeleted }) => !isDeleted);
  }

  /** @throws AppError NOT_FOUND */
  async get(tenant: string, name: string): Promise<StoredRule> {
    const found = await this.#read(tenant, name);
    if (!found || found.value.isDeleted) throw new AppError('NOT_FOUND', `there is no rule "${name.slice(0, 100)}"`);
    return found.value;
  }

  /** Every version, newest first. @throws AppError NOT_FOUND */
  async versions(tenant: string, name: string): Promise<RuleVersion[]> {
    const found = await this.#state.list<RuleVersion>(ruleKeys.versionsOf(tenant, name));
    if (found.length === 0) throw new AppError('NOT_FOUND', `there is no rule "${name.slice(0, 100)}"`);
    return found.map(({ value }) => value).reverse();
  }

  /** @throws AppError NOT_FOUND */
  async version(tenant: string, name: string, version: number): Promise<RuleVersion> {
    const found = await this.#state.get<RuleVersion>(ruleKeys.version(tenant, name, version));
    if (!found) throw new AppError('NOT_FOUND', `the rule "${name.slice(0, 100)}" has no version ${version}`);
    return found.value;
  }

  /** @throws AppError INVALID_RULE, ALREADY_EXISTS */
  async create(tenant: string, source: unknown, by: string): Promise<StoredRule> {
    const rule = await this.check(tenant, source);
    return this.#write(tenant, rule.name, source, by, (stored) => {
      if (stored && !stored.isDeleted) throw new AppError('ALREADY_EXISTS', `there is a rule "${rule.name}" already; PUT replaces it`);
    });
  }

  /** Replaces a rule, or makes it where it is not there. @throws AppError INVALID_RULE */
  async replace(tenant: string, name: string, source: unknown, by: string): Promise<StoredRule> {
    const rule = await this.check(tenant, source);
    if (rule.name !== name) refuseRule('name', `it is "${rule.name}" here and "${name}" in the path`);
    return this.#write(tenant, name, source, by, () => {});
  }

  /** Takes a rule out of staging: from now on people are told. @throws AppError NOT_FOUND */
  async promote(tenant: string, name: string, by: string): Promise<StoredRule> {
    const { source } = await this.get(tenant, name);
    if (source.staging !== true) throw new AppError('INVALID_PARAMETER', `the rule "${name}" is not in staging`);
    return this.#write(tenant, name, { ...source, staging: false }, by, () => {});
  }

  /** Deletes a rule; alerts of it that are open end with the next window. @throws AppError NOT_FOUND, INVALID_RULE where another rule asks for it */
  async remove(tenant: string, name: string, by: string): Promise<void> {
    const { source } = await this.get(tenant, name);
    const asks = (await this.list(tenant))
      .map(ruleOf)
      .find(({ condition, name: other }) => other !== name && referencesOf(condition).includes(name));
    if (asks) refuseRule('name', `the rule "${asks.name}" asks for "${name}"; change or delete that first`);
    await this.#write(tenant, name, source, by, () => {}, true);
  }

  /** Reads a rule that is to be saved, sees that what it asks for is there, and runs its tests. @throws AppError INVALID_RULE */
  async check(tenant: string, source: unknown): Promise<Rule> {
    const rule = parseRule(source);
    if (JSON.stringify(source).length > maxSourceBytes) refuseRule('rule', 'it is larger than 64 KiB');
    const asksFor = referencesOf(rule.condition);
    if (asksFor.length === 0 && rule.tests.length === 0) return rule;
    const others = (await this.list(tenant)).map(ruleOf).filter(({ name }) => name !== rule.name);
    refuseCircle(rule, new Map(others.map((item) => [item.name, item])));
    await refuseFailing(rule, others);
    return rule;
  }

  async #read(tenant: string, name: string): Promise<Versioned<StoredRule> | undefined> {
    return this.#state.get<StoredRule>(ruleKeys.rule(tenant, name));
  }

  async #write(
    tenant: string,
    name: string,
    source: unknown,
    by: string,
    check: (stored: StoredRule | undefined) => void,
    isDeleted = false,
  ): Promise<StoredRule> {
    for (;;) {
      const [found, revision] = await Promise.all([this.#read(tenant, name), this.#state.get<number>(ruleKeys.revision)]);
      check(found?.value);
      if (!found && (await this.list(tenant)).length >= maxRules) refuseRule('rule', `a tenant has ${maxRules} rules at most`);
      const before = found?.value;
      const nowMs = this.#clock.nowMs();
      const stored: StoredRule = {
        tenant,
        source: source as Record<string, Json>,
        version: (before?.version ?? 0) + 1,
        createdAtMs: before && !before.isDeleted ? before.createdAtMs : nowMs,
        updatedAtMs: nowMs,
        updatedBy: by,
        isDeleted,
      };
      const { tenant: _tenant, createdAtMs: _created, ...version } = stored;
      const isWritten = await this.#state.transact([
        { key: ruleKeys.rule(tenant, name), version: found?.version ?? 0, value: stored },
        { key: ruleKeys.version(tenant, name, stored.version), version: 0, value: version satisfies RuleVersion },
        { key: ruleKeys.revision, version: revision?.version ?? 0, value: (revision?.value ?? 0) + 1 },
      ]);
      if (isWritten) return stored;
    }
  }
}

/** Rules that ask for themselves, directly or through others, and those that ask for what is not there. */
function refuseCircle(rule: Rule, others: ReadonlyMap<string, Rule>, path: string[] = []): void {
  for (const name of referencesOf(rule.condition)) {
    const chain = [...path, rule.name];
    if (chain.includes(name)) refuseRule('condition', `rules ask for each other in a circle: ${[...chain, name].join(', ')}`);
    const other = others.get(name);
    if (!other) refuseRule('condition', `it asks for the rule "${name}", and there is none`);
    refuseCircle(other, others, chain);
  }
}
