import { describe, expect, it } from 'vitest';
import type { AlertState, Transition } from '../transition.ts';
import { countNotifications } from './count-notifications.ts';
import { compileRouting } from './routing.ts';
import type { RoutingConfig } from './schema.ts';

const minuteUs = 60e6;
const startUs = 1_795_000_000_000_000;
const at = (minute: number, fingerprint: string, to: AlertState, labels: Record<string, string> = {}): Transition => ({
  ...{
    tenant: 't',
    rule: 'r',
    ruleVersion: 1,
    fingerprint,
    episode: `${fingerprint}-1`,
    labels: { host: fingerprint, ...labels },
    annotations: {},
    action: [],
  },
  ...{ from: 'inactive', to, atUs: startUs + minute * minuteUs, startedUs: startUs, value: 1, reason: '', staging: false },
});
const route = { receiver: 'console', group_by: ['alertname'], group_wait: '30s', group_interval: '5m', repeat_interval: '4h' };
const count = (transitions: Transition[], config: Partial<RoutingConfig> = {}, hours = 24) =>
  countNotifications(transitions, compileRouting({ route, ...config }, ['console']), startUs + hours * 60 * minuteUs);

describe('how many notifications transitions would have sent', () => {
  it('is one for what fires together, and one for its end', () => {
    const hosts = ['a', 'b', 'c'];
    expect(count([...hosts.map((host) => at(0, host, 'firing')), ...hosts.map((host) => at(7, host, 'resolved'))])).toBe(2);
  });

  it('is another for each interval in which something joins', () => {
    expect(count([at(0, 'a', 'firing'), at(2, 'b', 'firing'), at(3, 'c', 'firing'), at(20, 'd', 'firing')], {}, 1)).toBe(3);
  });

  it('is one for each group', () => {
    const byHost = { route: { ...route, group_by: ['host'] } };
    expect(count([at(0, 'a', 'firing'), at(0, 'b', 'firing')], byHost, 1)).toBe(2);
  });

  it('is one more for each repetition of what goes on', () => {
    expect(count([at(0, 'a', 'firing')], {}, 13)).toBe(4);
  });

  it('is none for what ends within the wait, is pending or unknown', () => {
    expect(count([at(0, 'a', 'pending'), at(0, 'a', 'firing'), at(0.2, 'a', 'resolved')])).toBe(0);
    expect(count([at(0, 'a', 'firing'), at(5, 'a', 'unknown'), at(6, 'a', 'firing'), at(30, 'a', 'resolved')])).toBe(2);
  });

  it('is none for what another inhibits', () => {
    const inhibit = {
      inhibit_rules: [{ source_matchers: ['severity="page"'], target_matchers: ['severity="info"'] }],
      route: { ...route, group_by: ['severity'] },
    };
    expect(count([at(0, 'a', 'firing', { severity: 'page' }), at(0, 'b', 'firing', { severity: 'info' })], inhibit, 1)).toBe(1);
  });
});
