import { MemoryStateStore } from '../../src/adapters/state/memory/memory-state-store.ts';
import type { ChannelConfig } from '../../src/alerts/channels/schema.ts';
import { readRouting } from '../../src/alerts/routing/read-routing.ts';
import { outboxPrefix, type Transition } from '../../src/alerts/transition.ts';
import { manualClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { Notification } from '../../src/core/ports/notifier.ts';
import type { StateStore } from '../../src/core/ports/state-store.ts';
import { Notify } from '../../src/pipeline/notify/notify.ts';
import type { NotifyDeps } from '../../src/pipeline/notify/types.ts';
import { sha } from './transitions.ts';

export type Sent = { atS: number; channel: string; notification: Notification };

const names = ['a', 'b', 'c', 'console'];

/** Notify over a store in memory, a clock that stands still, and channels `a`, `b`, `c` that write down what they are told. */
export function openNotify(
  config: unknown,
  {
    state = new MemoryStateStore() as StateStore,
    clock = manualClock(1e12),
    isAlone = true,
    take,
  }: { state?: StateStore; clock?: ReturnType<typeof manualClock>; isAlone?: boolean; take?: (sent: Sent) => void | Promise<void> } = {},
) {
  const sent: Sent[] = [];
  const published: Transition[] = [];
  const startMs = clock.nowMs();
  const nowS = () => (clock.nowMs() - startMs) / 1000;
  let ids = 0;
  const channels = Object.fromEntries(names.map((name) => [name, { kind: 'console' } satisfies ChannelConfig]));
  const deps: NotifyDeps = {
    ...{ state, clock, log: silentLog, hash: sha, isAlone, random: () => 1 },
    defaults: { channels, routing: readRouting(config, names), externalUrl: 'http://logdrive.test' },
    newId: () => `n${++ids}`,
    open: async (_config, name) => ({
      notify: async (notification) => {
        const one = { atS: nowS(), channel: name, notification };
        await take?.(one);
        sent.push(one);
      },
      close: async () => {},
    }),
    publish: async (transitions) => void published.push(...transitions),
  };
  let entries = 0;
  return {
    ...{ state, clock, deps, sent, published, nowS, notify: new Notify(deps) },
    /** Leaves transitions in the outbox, as the evaluator does. Times of transitions are made to be those of the clock. */
    async leave(...transitions: Transition[]) {
      const shifted = transitions.map((one) => ({ ...one, atUs: one.atUs + startMs * 1000, startedUs: one.startedUs + startMs * 1000 }));
      await state.compareAndSet(`${outboxPrefix}${String(++entries).padStart(9, '0')}`, 0, { transitions: shifted });
    },
    /** Goes to a second after the start, a pass each `stepS` on the way. */
    async until(atS: number, stepS = 1) {
      while (nowS() < atS) {
        clock.advance(Math.min(stepS, atS - nowS()) * 1000);
        await this.notify.pass();
      }
    },
  };
}

/** What was sent, in short: `30 a firing x,y`; fingerprints by the label `n`. */
export const inShort = (sent: readonly Sent[]): string[] =>
  sent.map(({ atS, channel, notification: { group } }) => {
    const of = (status: string) =>
      group!.alerts.filter((alert) => alert.status === status).map(({ labels }) => labels.n ?? labels.alertname);
    const parts = [
      ...(of('firing').length > 0 ? [`firing ${of('firing').sort()}`] : []),
      ...(of('resolved').length > 0 ? [`resolved ${of('resolved').sort()}`] : []),
    ];
    return `${atS} ${channel} ${parts.join(' ')}${group!.kind === 'change' ? '' : ` (${group!.kind})`}`;
  });
