import { type FlushContext, flushGroup, nextFlushUs, type Planned } from '../../alerts/routing/flush.ts';
import { firingOf, type Group, type GroupAlert, groupIdentity, openGroup, takeTransition } from '../../alerts/routing/group.ts';
import { createInhibitor } from '../../alerts/routing/inhibit.ts';
import type { Routing } from '../../alerts/routing/routing.ts';
import { createSilencer } from '../../alerts/routing/silence.ts';
import type { RouteOptions } from '../../alerts/routing/tree.ts';
import type { Transition } from '../../alerts/transition.ts';
import type { StateWrite } from '../../core/ports/state-store.ts';
import type { GroupBook, GroupChange } from './group-book.ts';
import { notifyKeys } from './keys.ts';
import type { NotifySettings } from './settings.ts';
import type { Delivery, NotifyDeps } from './types.ts';

type TenantContext = { routing: Routing; isMuted: FlushContext['isMuted'] };

/** Of one transaction: it may hold 25 writes, and DynamoDB's may hold 4 MB. */
const maxWritesAtOnce = 24;
const maxTextAtOnce = 800_000;
const leaseMs = 60_000;

/** Decides for each group that is due what it has to tell, and stores that with the group. */
export class GroupFlusher {
  readonly #deps: NotifyDeps;
  readonly #book: GroupBook;
  readonly #settings: NotifySettings;
  /** When a group was looked at last, stored or not. */
  readonly #lookedUs = new Map<string, number>();

  constructor(deps: NotifyDeps, book: GroupBook, settings: NotifySettings) {
    this.#deps = deps;
    this.#book = book;
    this.#settings = settings;
  }

  /** Flushes what is due; tells how many notifications were stored. `by` names who is going to deliver them. */
  async flush(by: string): Promise<number> {
    const nowUs = this.#deps.clock.nowMs() * 1000;
    const contexts = new Map<string, TenantContext>();
    let batch: { changes: GroupChange[]; writes: StateWrite[]; text: number } = { changes: [], writes: [], text: 0 };
    let planned = 0;
    const commit = async () => {
      const { changes, writes } = batch;
      batch = { changes: [], writes: [], text: 0 };
      let isStored = false;
      try {
        isStored = changes.length === 0 || (await this.#book.commit(changes, writes));
      } finally {
        if (!isStored) for (const { id } of changes) this.#lookedUs.delete(id);
      }
      if (isStored) planned += writes.length;
    };
    for (const group of this.#book.all()) {
      const context = contexts.get(group.tenant) ?? (await this.#contextOf(group.tenant, nowUs));
      contexts.set(group.tenant, context);
      const options = context.routing.optionsOf(group);
      if (!options) {
        await commit();
        await this.#move(group, context.routing, nowUs);
        continue;
      }
      if (nextFlushUs(group, options, this.#lookedUs.get(group.id)) > nowUs) continue;
      const flushed = flushGroup(group, this.#flushContext(group, context, options, nowUs));
      this.#lookedUs.set(group.id, nowUs);
      if (!flushed.changed) continue;
      if (!flushed.group) this.#lookedUs.delete(group.id);
      const writes = flushed.planned.map((one) => this.#delivery(flushed.group ?? group, one, by, nowUs));
      const change = { tenant: group.tenant, id: group.id, base: group, next: flushed.group };
      const text = JSON.stringify([change, writes]).length;
      if (batch.changes.length + batch.writes.length + writes.length + 1 > maxWritesAtOnce || batch.text + text > maxTextAtOnce)
        await commit();
      batch.changes.push(change);
      batch.writes.push(...writes);
      batch.text += text;
    }
    await commit();
    return planned;
  }

  /** When a group is due next, in epoch milliseconds; `undefined` when there is none. */
  async nextMs(): Promise<number | undefined> {
    let next: number | undefined;
    for (const group of this.#book.all()) {
      const options = (await this.#settings.routing(group.tenant)).routing.optionsOf(group);
      const atUs = options ? nextFlushUs(group, options, this.#lookedUs.get(group.id)) : 0;
      if (next === undefined || atUs < next) next = atUs;
    }
    return next === undefined ? undefined : Math.ceil(next / 1000);
  }

  async #contextOf(tenant: string, nowUs: number): Promise<TenantContext> {
    const { routing } = await this.#settings.routing(tenant);
    const silenced = createSilencer(await this.#settings.silences(tenant), nowUs);
    const firing = this.#book.all().filter((group) => group.tenant === tenant);
    const inhibited = createInhibitor(routing.inhibitRules, routing.inhibitRules.length > 0 ? firing.flatMap(firingOf) : []);
    return { routing, isMuted: ({ labels }: GroupAlert) => silenced(labels).length > 0 || inhibited(labels) !== undefined };
  }

  #flushContext({ routeKey, receiver }: Group, { routing, isMuted }: TenantContext, options: RouteOptions, nowUs: number): FlushContext {
    return { nowUs, options, isMuted, isTimeMuted: routing.isTimeMuted(routeKey, receiver, nowUs / 1000), channelsOf: routing.channelsOf };
  }

  #delivery(group: Group, { channel, receiver, kind, seq, status, alerts }: Planned, by: string, nowUs: number): StateWrite {
    const nowMs = nowUs / 1000;
    const id = `${group.id}-${group.nonce}-${seq}`;
    const delivery: Delivery = {
      ...{ id, tenant: group.tenant, group: group.id, channel, receiver, seq },
      notice: {
        ...{ incident: `${group.id}-${group.nonce}`, groupKey: group.key, receiver, status, kind, groupLabels: group.labels, alerts },
        ...{ acknowledgedBy: group.ack?.by ?? null, externalUrl: this.#deps.defaults.externalUrl },
      },
      ...{ createdMs: nowMs, attempts: 0, nextMs: nowMs, lastError: null, lease: { by, untilMs: nowMs + leaseMs } },
    };
    return { key: notifyKeys.pendingOne(group.tenant, id), version: 0, value: delivery };
  }

  /** The tree has the group's route no more: what fires goes where the tree now says, some alerts at a time. */
  async #move(group: Group, routing: Routing, nowUs: number): Promise<void> {
    const changed = new Map<string, Group>();
    const left = { ...group.alerts };
    for (const alert of Object.values(group.alerts)) {
      if (changed.size >= maxWritesAtOnce - 5) break;
      delete left[alert.fingerprint];
      if (alert.endedUs !== null) continue;
      const { alertname: _, ...labels } = alert.labels;
      for (const target of routing.targets({ rule: alert.rule, labels, action: [] })) {
        const id = this.#deps.hash(groupIdentity(group.tenant, target, alert.labels)).slice(0, 16);
        const into =
          changed.get(id) ??
          this.#book.get(group.tenant, id) ??
          openGroup(group.tenant, id, target, alert.labels, nowUs, this.#deps.newId());
        const again: Transition = {
          ...alert,
          labels,
          tenant: group.tenant,
          ruleVersion: 0,
          action: [],
          from: 'pending',
          to: 'firing',
          staging: false,
        };
        changed.set(id, takeTransition(into, again, target.options, nowUs));
      }
    }
    const rest = Object.keys(left).length > 0 ? { ...group, alerts: left } : undefined;
    const changes = [...changed.values()].map((next) => ({
      tenant: next.tenant,
      id: next.id,
      base: this.#book.get(next.tenant, next.id),
      next,
    }));
    await this.#book.commit([{ tenant: group.tenant, id: group.id, base: group, next: rest }, ...changes]);
  }
}
