import { type OutboxEntry, outboxPrefix } from '../../alerts/transition.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { ruleKeys } from '../rules/keys.ts';
import { DueLoop } from './due-loop.ts';
import { notifyKeys } from './keys.ts';

export type Heartbeat = { name: string; everyMs: number; ping(): Promise<void> };
export type HeartbeatDeps = {
  state: StateStore;
  clock: Clock;
  log: Log;
  heartbeats: Heartbeat[];
  /** When the evaluator last ended a pass, in epoch milliseconds. */
  evaluatedMs(): number | undefined;
};

/** The evaluator is behind when it has ended no pass for as long, and notify when it has left something in the outbox for as long. */
const patienceMs = 120_000;

/**
 * Pings while alerting works: the state store takes writes, the evaluator has ended a pass lately (where there are rules), and the outbox is being taken over. What does
 * not work stops the pings, and whoever waits for them elsewhere raises the alarm: a dead man's switch.
 */
export function startHeartbeats(deps: HeartbeatDeps): { stop(): Promise<void> } {
  const { clock, log } = deps;
  const startedMs = clock.nowMs();
  const loops = deps.heartbeats.map((heartbeat) => {
    const loop = new DueLoop(
      async () => {
        const why = await whyDead(deps, startedMs);
        if (why) log.error({ heartbeat: heartbeat.name, why }, 'alerting does not work, so the heartbeat is not sent');
        else if (await isMine(deps, heartbeat)) await heartbeat.ping();
        return clock.nowMs() + heartbeat.everyMs;
      },
      {
        clock,
        retryMs: heartbeat.everyMs,
        onError: (error) => log.error({ error, heartbeat: heartbeat.name }, 'the heartbeat was not taken'),
      },
    );
    loop.wake();
    return loop;
  });
  return { stop: async () => void (await Promise.all(loops.map((loop) => loop.stop()))) };
}

/** Why alerting does not work; `undefined` while it does. */
export async function whyDead(
  { state, clock, evaluatedMs }: Omit<HeartbeatDeps, 'heartbeats' | 'log'>,
  startedMs: number,
): Promise<string | undefined> {
  const nowMs = clock.nowMs();
  if (nowMs - startedMs < patienceMs) return undefined;
  if ((await state.get(ruleKeys.revision)) && nowMs - (evaluatedMs() ?? startedMs) > patienceMs)
    return 'the evaluator of rules has ended no pass lately';
  const entries = await state.list<OutboxEntry>(outboxPrefix);
  const oldestUs = Math.min(...entries.flatMap(({ value }) => value.transitions.map(({ atUs }) => atUs)));
  return oldestUs / 1000 < nowMs - patienceMs - 60_000 ? 'transitions of alerts are not being taken over' : undefined;
}

/** Of several hosts one pings; the write also shows that the store takes any. */
async function isMine({ state, clock }: HeartbeatDeps, { name, everyMs }: Heartbeat): Promise<boolean> {
  const key = notifyKeys.heartbeat(name);
  const last = await state.get<{ atMs: number }>(key);
  if (last && clock.nowMs() - last.value.atMs < everyMs * 0.8) return false;
  return (await state.compareAndSet(key, last?.version ?? 0, { atMs: clock.nowMs() })) !== undefined;
}
