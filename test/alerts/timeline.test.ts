import { describe, expect, test } from 'vitest';
import { acknowledge } from '../../src/alerts/routing/group.ts';
import type { AlertState } from '../../src/alerts/transition.ts';
import { notifyKeys } from '../../src/pipeline/notify/keys.ts';
import { inShort, openNotify } from './open-notify.ts';
import { transition } from './transitions.ts';

type Step = [atS: number, n: string, to: AlertState, labels?: Record<string, string>];

/** Plays steps against a route and gives what was sent up to `untilS`. */
async function play(route: object, steps: Step[], untilS: number, more: object = {}) {
  const host = openNotify({
    route: { receiver: 'a', group_by: ['alertname'], group_wait: '30s', group_interval: '5m', repeat_interval: '4h', ...route },
    ...more,
  });
  const started = new Map<string, number>();
  for (const [atS, n, to, labels = {}] of steps) {
    await host.until(atS, 5);
    if (to === 'firing') started.set(n, atS);
    await host.leave(transition('r', { n, ...labels }, to, { at: atS, started: started.get(n) ?? atS }));
    await host.notify.pass();
  }
  await host.until(untilS, 5);
  return host;
}

/** What Alertmanager documents for group_wait, group_interval and repeat_interval, and does in `dispatch` and `notify`. */
describe('a group is told when Alertmanager would tell it', () => {
  test.each<[string, object, Step[], number, string[]]>([
    [
      'waits group_wait for others',
      {},
      [
        [0, 'x', 'firing'],
        [10, 'y', 'firing'],
      ],
      100,
      ['30 a firing x,y'],
    ],
    [
      'waits group_interval for one that joins later',
      {},
      [
        [0, 'x', 'firing'],
        [40, 'y', 'firing'],
      ],
      400,
      ['30 a firing x', '330 a firing x,y'],
    ],
    [
      'repeats after repeat_interval, at an interval',
      { repeat_interval: '10m' },
      [[0, 'x', 'firing']],
      1_300,
      ['30 a firing x', '630 a firing x (repeat)', '1230 a firing x (repeat)'],
    ],
    [
      'tells the end at the next interval',
      {},
      [
        [0, 'x', 'firing'],
        [60, 'x', 'resolved'],
      ],
      700,
      ['30 a firing x', '330 a resolved x'],
    ],
    [
      'tells what ended and what goes on',
      {},
      [
        [0, 'x', 'firing'],
        [0, 'y', 'firing'],
        [60, 'x', 'resolved'],
      ],
      400,
      ['30 a firing x,y', '330 a firing y resolved x'],
    ],
    [
      'tells nothing of what ended within group_wait',
      {},
      [
        [0, 'x', 'firing'],
        [20, 'x', 'resolved'],
      ],
      400,
      [],
    ],
    [
      'tells nothing of a gap within an interval',
      {},
      [
        [0, 'x', 'firing'],
        [60, 'x', 'resolved'],
        [90, 'x', 'firing'],
      ],
      400,
      ['30 a firing x'],
    ],
    [
      'waits anew once a group is over',
      {},
      [
        [0, 'x', 'firing'],
        [60, 'x', 'resolved'],
        [400, 'x', 'firing'],
      ],
      500,
      ['30 a firing x', '330 a resolved x', '430 a firing x'],
    ],
    [
      'groups by no label at all',
      { group_by: [] },
      [
        [0, 'x', 'firing'],
        [0, 'y', 'firing'],
      ],
      100,
      ['30 a firing x,y'],
    ],
    [
      'makes each alert a group by "..."',
      { group_by: ['...'] },
      [
        [0, 'x', 'firing'],
        [0, 'y', 'firing'],
      ],
      100,
      ['30 a firing x', '30 a firing y'],
    ],
    [
      'does not resolve what is unknown',
      {},
      [
        [0, 'x', 'firing'],
        [60, 'x', 'unknown'],
      ],
      700,
      ['30 a firing x'],
    ],
    [
      'takes inactive for an end',
      {},
      [
        [0, 'x', 'firing'],
        [60, 'x', 'unknown'],
        [90, 'x', 'inactive'],
      ],
      700,
      ['30 a firing x', '330 a resolved x'],
    ],
    ['says nothing of what is pending', {}, [[0, 'x', 'pending']], 400, []],
  ])('%s', async (_, route, steps, untilS, wanted) => {
    const { sent } = await play(route, steps, untilS);
    expect(inShort(sent).sort()).toEqual([...wanted].sort());
  });

  test('an alert older than group_wait is told at once: after an outage nobody waits again', async () => {
    const host = openNotify({ route: { receiver: 'a', group_wait: '30s' } });
    host.clock.advance(100_000);
    await host.leave(transition('r', { n: 'x' }, 'firing', { at: 0 }));
    await host.notify.pass();
    expect(inShort(host.sent)).toEqual(['100 a firing x']);
  });

  test('a receiver that does not want ends is told of none, and of a new start', async () => {
    const receivers = [{ name: 'quiet', channels: ['b'], send_resolved: false }];
    const steps: Step[] = [
      [0, 'x', 'firing'],
      [60, 'x', 'resolved'],
      [400, 'x', 'firing'],
    ];
    const { sent } = await play({ receiver: 'quiet' }, steps, 900, { receivers });
    expect(inShort(sent)).toEqual(['30 b firing x', '430 b firing x']);
  });

  test('two routes by continue are told apart', async () => {
    const routes = [
      { matchers: ['n="x"'], receiver: 'b', continue: true, group_wait: '0s' },
      { matchers: ['n=~"x|y"'], receiver: 'c' },
    ];
    const { sent } = await play(
      { routes },
      [
        [0, 'x', 'firing'],
        [0, 'z', 'firing'],
      ],
      60,
    );
    expect(inShort(sent)).toEqual(['0 b firing x', '30 a firing z', '30 c firing x'].toSorted());
  });

  test('what is inhibited is silent until its source ends', async () => {
    const inhibit_rules = [{ source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: ['cluster'] }];
    const steps: Step[] = [
      [0, 'down', 'firing', { severity: 'critical', cluster: 'k' }],
      [5, 'slow', 'firing', { severity: 'warning', cluster: 'k' }],
      [5, 'else', 'firing', { severity: 'warning', cluster: 'm' }],
      [600, 'down', 'resolved', { severity: 'critical', cluster: 'k' }],
    ];
    const { sent } = await play({ group_by: ['n'] }, steps, 1_000, { inhibit_rules });
    expect(inShort(sent)).toEqual(['30 a firing down', '35 a firing else', '630 a resolved down', '635 a firing slow']);
  });

  test('a muted time is silent, and what still fires is told after it', async () => {
    const time_intervals = [{ name: 'window', time_intervals: [{ times: [{ start_time: '01:40', end_time: '02:00' }] }] }];
    const routes = [{ matchers: ['n="x"'], mute_time_intervals: ['window'] }];
    // The clock begins at 01:46:40 UTC.
    const { sent } = await play(
      { routes },
      [
        [0, 'x', 'firing'],
        [0, 'z', 'firing'],
      ],
      1_200,
      { time_intervals },
    );
    expect(inShort(sent)).toEqual(['30 a firing z', '930 a firing x']);
  });
});

describe('beyond Alertmanager', () => {
  test('an acknowledged group is neither repeated nor escalated; something new ends the acknowledgement', async () => {
    const route = { repeat_interval: '5m', escalate: [{ after: '7m', receiver: 'b' }] };
    const host = await play(route, [[0, 'x', 'firing']], 100);
    const [group] = host.notify.book.all();
    const next = acknowledge(group!, 'anna', 'on it', host.clock.nowMs() * 1000);
    expect(await host.notify.book.commit([{ tenant: 'default', id: group!.id, base: group, next }])).toBe(true);
    await host.until(2_000, 5);
    await host.leave(transition('r', { n: 'y' }, 'firing', { at: 2_000 }));
    await host.until(2_600, 5);
    expect(inShort(host.sent)).toEqual([
      '30 a firing x',
      '2130 a firing x,y',

      '2430 a firing x,y (repeat)',
      '2550 b firing x,y (escalation)',
    ]);
    expect(host.sent[1]!.notification.group!.acknowledgedBy).toBeNull();
  });

  test('what nobody acknowledges is told to the next, who is told of the end as well', async () => {
    const route = {
      escalate: [
        { after: '10m', receiver: 'b' },
        { after: '20m', receiver: 'c' },
      ],
    };
    const { sent } = await play(
      route,
      [
        [0, 'x', 'firing'],
        [900, 'x', 'resolved'],
      ],
      2_000,
    );
    expect(inShort(sent)).toEqual(['30 a firing x', '630 b firing x (escalation)', '930 a resolved x', '930 b resolved x']);
  });

  test('an alert that changes too often is told once, and its end when it is quiet', async () => {
    const flaps = Array.from({ length: 20 }, (_, i): Step => [i * 60, 'x', i % 2 === 0 ? 'firing' : 'resolved']);
    const route = { group_wait: '0s', group_interval: '30s' };
    const calm = await play({ ...route, flap_damping: { changes: 4, within: '10m', hold: '10m' } }, flaps, 3_000);
    const nervous = await play(route, flaps, 3_000);
    expect(inShort(nervous.sent)).toHaveLength(20);
    expect(inShort(calm.sent)).toEqual(['0 a firing x', '90 a resolved x', '150 a firing x', '1740 a resolved x']);
  });

  test('a rule in staging tells nobody, and is published', async () => {
    const host = openNotify({ route: { receiver: 'a', group_wait: '0s' } });
    await host.leave(transition('r', {}, 'firing', { staging: true }));
    await host.until(60);
    expect([host.sent.length, host.published.length, host.notify.book.size]).toEqual([0, 1, 0]);
  });

  test('a tree that changed takes along what fires', async () => {
    const host = openNotify({ route: { receiver: 'a', group_wait: '0s', routes: [{ matchers: ['n=~".*"'], receiver: 'b' }] } });
    for (const n of ['x', 'y', 'z']) await host.leave(transition('r', { n }, 'firing'));
    await host.until(10);
    const changed = { routing: { route: { receiver: 'c', group_wait: '0s' } }, number: 1, by: 'anna', atMs: 0 };
    await host.state.compareAndSet(notifyKeys.routing('default'), 0, changed);
    await host.until(20);
    await host.leave(transition('r', { n: 'x' }, 'resolved', { at: 20 }));
    await host.until(400);
    expect(inShort(host.sent)).toEqual([
      '1 b firing x,y,z',
      expect.stringMatching(/^1\d c firing x,y,z$/),
      expect.stringMatching(/c firing y,z resolved x$/),
    ]);
  });

  test('a group of ten thousand alerts is told in parts that fit their items', async () => {
    const host = openNotify({ route: { receiver: 'a', group_by: [], group_wait: '10s' } });
    const all = Array.from({ length: 2_000 }, (_, i) =>
      transition('r', { n: String(i) }, 'firing', { annotations: { summary: 'x'.repeat(300) } }),
    );
    await host.leave(...all.slice(0, 300));
    for (let i = 300; i < all.length; i += 300) await host.leave(...all.slice(i, i + 300));
    await host.until(15);
    const told = host.sent.flatMap(({ notification }) => notification.group!.alerts.map(({ labels }) => labels.n));
    expect(new Set(told).size).toBe(2_000);
    expect(told).toHaveLength(2_000);
    expect(new Set(host.sent.map(({ notification }) => notification.group!.groupKey))).toEqual(new Set(['{}:{}']));
  });
});
