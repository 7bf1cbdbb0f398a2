import { describe, expect, test } from 'vitest';
import { createInhibitor } from './inhibit.ts';
import { readRouting } from './read-routing.ts';
import { compileRouting } from './routing.ts';
import { groupLabelsOf, routesFor } from './tree.ts';

const channels = ['default', 'team-X', 'team-Y', 'team-DB', 'fleet'];
const routing = (config: unknown) => compileRouting(readRouting(config, channels), channels);

/** The tree of Alertmanager's own documentation, shortened: https://github.com/prometheus/alertmanager/blob/main/doc/examples/simple.yml */
const tree = routing({
  route: {
    receiver: 'default',
    group_by: ['alertname', 'cluster'],
    group_wait: '30s',
    routes: [
      {
        matchers: ['service=~"foo1|foo2|baz"'],
        receiver: 'team-X',
        routes: [{ matchers: ['severity="critical"'], receiver: 'fleet' }],
      },
      {
        matchers: ['service="files"'],
        receiver: 'team-Y',
        group_wait: '1m',
        continue: true,
        routes: [{ matchers: ['severity="critical"'], receiver: 'fleet' }],
      },
      { matchers: ['service="files"'], receiver: 'team-DB', group_by: ['...'] },
      { matchers: ['owner!=""'], routes: [{ matchers: ['owner="db"'], receiver: 'team-DB' }] },
    ],
  },
});

describe('the routing tree takes alerts as Alertmanager does', () => {
  test.each([
    [{ service: 'other' }, ['default']],
    [{ service: 'foo1' }, ['team-X']],
    [{ service: 'foo1', severity: 'critical' }, ['fleet']],
    [{ service: 'xfoo1' }, ['default']],
    [{ service: 'files' }, ['team-Y', 'team-DB']],
    [{ service: 'files', severity: 'critical' }, ['fleet', 'team-DB']],
    [{ owner: 'db' }, ['team-DB']],
    [{ owner: 'web' }, ['default']],
  ] as const)('%j goes to %j', (labels, wanted) => {
    expect(routesFor(tree.root, labels as Record<string, string>).map(({ options }) => options.receiver)).toEqual(wanted);
  });

  test('options come from the route above, mutes do not', () => {
    const [files] = routesFor(tree.root, { service: 'files' });
    expect(files!.options).toMatchObject({
      groupWaitUs: 60e6,
      groupIntervalUs: 300e6,
      repeatIntervalUs: 14_400e6,
      groupBy: ['alertname', 'cluster'],
    });
    expect(files!.key).toBe('{}/{service="files"}');
    const [, each] = routesFor(tree.root, { service: 'files' });
    expect(groupLabelsOf(each!.options, { b: '2', a: '1' })).toEqual({ a: '1', b: '2' });
  });

  test('a rule that names receivers goes there, whatever the tree says', () => {
    const targets = tree.targets({ rule: 'r', labels: { service: 'foo1' }, action: ['fleet', 'default', 'fleet'] });
    expect(targets.map(({ receiver }) => receiver)).toEqual(['fleet', 'default']);
  });

  test('a receiver that nobody knows falls back to that of the first route', () => {
    expect(tree.channelsOf('gone')).toEqual([{ name: 'default', sendResolved: true }]);
  });

  test.each([
    [{}, 'routing.route'],
    [{ route: {} }, 'routing.route.receiver: the first route takes what no other does'],
    [{ route: { receiver: 'defualt' } }, 'routing.route.receiver: there is no receiver and no channel "defualt"; did you mean "default"?'],
    [
      { route: { receiver: 'default', group_bye: [] } },
      'routing.route.group_bye: there is no setting "group_bye" here; did you mean "group_by"?',
    ],
    [
      { route: { receiver: 'default', routes: [{ match: { a: 'b' } }] } },
      'routing.route.routes[0].match: there is no setting "match" here; did you mean "matchers"?',
    ],
    [{ route: { receiver: 'default', routes: [{ matchers: ['a'] }] } }, 'routing.route.routes[0].matchers[0]: the matcher "a" is none'],
    [{ route: { receiver: 'default', group_wait: 'soon' } }, 'routing.route.group_wait: expected a time span'],
    [{ route: { receiver: 'default', repeat_interval: '0s' } }, 'must be longer than 0s'],
    [{ route: { receiver: 'default', matchers: ['a=b'] } }, 'the first route takes everything'],
    [{ route: { receiver: 'default', group_by: ['...', 'a'] } }, '"..." stands by itself'],
    [{ route: { receiver: 'default', routes: [{ mute_time_intervals: ['nights'] }] } }, 'there is no time interval "nights"'],
    [
      { route: { receiver: 'default' }, receivers: [{ name: 'a', channels: ['team-Z'] }] },
      'routing.receivers[0].channels[0]: there is no channel "team-Z"',
    ],
    [
      { route: { receiver: 'default', escalate: [{ after: '15m', receiver: 'boss' }] } },
      'routing.route.escalate[0].receiver: there is no receiver',
    ],
  ])('%j is refused with its place', (config, why) => {
    expect(() => readRouting(config, channels)).toThrow(why);
  });
});

describe('inhibition', () => {
  const rules = [{ source_matchers: ['severity="critical"'], target_matchers: ['severity=~"warning|critical"'], equal: ['cluster'] }];
  const alert = (fingerprint: string, labels: Record<string, string>) => ({ fingerprint, labels });

  test.each([
    [
      'a source of the same cluster',
      [alert('s', { severity: 'critical', cluster: 'A' })],
      { severity: 'warning', cluster: 'A' },
      { rule: 0, by: 's' },
    ],
    ['a source of another cluster', [alert('s', { severity: 'critical', cluster: 'B' })], { severity: 'warning', cluster: 'A' }, undefined],
    ['no label at all is the same label', [alert('s', { severity: 'critical' })], { severity: 'warning' }, { rule: 0, by: 's' }],
    ['what is no target', [alert('s', { severity: 'critical' })], { severity: 'info' }, undefined],
    ['an alert that matches both sides, by itself', [alert('s', { severity: 'critical' })], { severity: 'critical' }, undefined],
  ] as const)('by %s', (_, firing, labels, wanted) => {
    expect(createInhibitor(rules, firing)(labels as Record<string, string>)).toEqual(wanted);
  });
});
