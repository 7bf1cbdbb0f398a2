import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createNotifyApi } from '../../src/pipeline/notify/create-api.ts';
import { openNotify } from './open-notify.ts';
import { transition } from './transitions.ts';

type Event = { n: string; afterS: number };

const events = fc.array(fc.record({ n: fc.constantFrom('p', 'q', 'r'), afterS: fc.integer({ min: 0, max: 40 }) }), {
  minLength: 1,
  maxLength: 25,
});
const route = { receiver: 'both', group_by: ['n'], group_wait: '10s', group_interval: '30s', repeat_interval: '2m' };
const config = { route, receivers: [{ name: 'both', channels: ['a', 'b'] }] };

/** Alerts that come and go: each event turns one on or off. Afterwards everything that is on stays on for long. */
async function play(list: Event[], silenced?: string) {
  const host = openNotify(config);
  const api = createNotifyApi(host.deps, () => {});
  const nowUs = host.clock.nowMs() * 1000;
  if (silenced)
    await api.addSilence(
      { tenant: 'default', by: 'x', isOperator: true },
      { matchers: [`n="${silenced}"`], endsUs: nowUs + 1e12, comment: 'c', createdBy: 'x' },
    );
  const since = new Map<string, number>();
  for (const { n, afterS } of list) {
    await host.until(host.nowS() + afterS, 5);
    const at = host.nowS();
    const started = since.get(n);
    if (started === undefined) since.set(n, at);
    else since.delete(n);
    await host.leave(transition('r', { n }, started === undefined ? 'firing' : 'resolved', { at, started: started ?? at }));
  }
  await host.until(host.nowS() + 100, 5);
  return { host, since };
}

/** What a receiver believes after all it was told. */
function belief(sent: Awaited<ReturnType<typeof play>>['host']['sent'], channel: string): string[] {
  const firing = new Set<string>();
  for (const one of sent.filter((each) => each.channel === channel))
    for (const { labels, status } of one.notification.group!.alerts) status === 'firing' ? firing.add(labels.n!) : firing.delete(labels.n!);
  return [...firing].sort();
}

test('nothing is lost: when it is quiet, each channel believes exactly what fires', async () => {
  await fc.assert(
    fc.asyncProperty(events, async (list) => {
      const { host, since } = await play(list);
      for (const channel of ['a', 'b']) expect(belief(host.sent, channel)).toEqual([...since.keys()].sort());
    }),
    { numRuns: 60 },
  );
});

test('nothing is told twice under one dedup key, and no channel is told the same twice but as a repeat', async () => {
  await fc.assert(
    fc.asyncProperty(events, async (list) => {
      const { host } = await play(list);
      const keys = host.sent.map(({ notification }) => notification.dedupKey);
      expect(new Set(keys).size).toBe(keys.length);
      const last = new Map<string, string>();
      for (const { channel, notification } of host.sent) {
        const { alerts, kind, incident } = notification.group!;
        const said = JSON.stringify(alerts.map(({ labels, status, episode }) => [labels.n, status, episode]));
        if (kind === 'change') expect(last.get(`${channel} ${incident}`)).not.toBe(said);
        last.set(`${channel} ${incident}`, said);
      }
    }),
    { numRuns: 60 },
  );
});

test('silence is silence, and changes nothing for others', async () => {
  await fc.assert(
    fc.asyncProperty(events, async (list) => {
      const [loud, quiet] = [await play(list), await play(list, 'p')];
      const told = (host: typeof loud.host) =>
        host.sent.map(({ atS, channel, notification }) => [
          atS,
          channel,
          notification.group!.alerts.map(({ labels, status }) => `${labels.n} ${status}`),
        ]);
      expect(told(quiet.host)).toEqual(
        told(loud.host).filter(([, , alerts]) => !(alerts as string[]).some((each) => each.startsWith('p'))),
      );
    }),
    { numRuns: 40 },
  );
});
