import { expect, test } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import { createNotifyApi } from '../../src/pipeline/notify/create-api.ts';
import { maxAttempts } from '../../src/pipeline/notify/deliver.ts';
import { Notify } from '../../src/pipeline/notify/notify.ts';
import { inShort, openNotify, type Sent } from './open-notify.ts';
import { transition } from './transitions.ts';

const config = { route: { receiver: 'a', group_by: ['n'], group_wait: '0s', group_interval: '10s' } };
const actor = { tenant: 'default', by: 'anna', isOperator: true };

test('what is not taken is tried again, later and later, under the same dedup key', async () => {
  const tries: [atS: number, key: string][] = [];
  const host = openNotify(config, {
    take: ({ atS, notification }) => {
      tries.push([atS, notification.dedupKey]);
      if (tries.length < 5) throw new AppError('CHANNEL_UNAVAILABLE', 'busy');
    },
  });
  await host.leave(transition('r', { n: 'x' }, 'firing'));
  await host.until(60);
  expect(tries.map(([atS]) => atS)).toEqual([1, 2, 4, 8, 16]);
  expect(new Set(tries.map(([, key]) => key)).size).toBe(1);
  expect(inShort(host.sent)).toEqual(['16 a firing x']);
});

test('Retry-After is heeded, and the end of an alert does not overtake its beginning', async () => {
  let isBusy = true;
  const host = openNotify(config, {
    take: () => {
      if (isBusy) throw new AppError('CHANNEL_UNAVAILABLE', 'busy', { retryAfterS: 40 });
    },
  });
  await host.leave(transition('r', { n: 'x' }, 'firing'));
  await host.until(5);
  await host.leave(transition('r', { n: 'x' }, 'resolved', { at: 5 }));
  await host.until(30);
  isBusy = false;
  await host.until(60);
  expect(inShort(host.sent)).toEqual(['41 a firing x', '41 a resolved x']);
});

test('what is refused for good is a dead letter at once, holds up nothing, and can be sent again', async () => {
  let isWrong = true;
  const host = openNotify(config, {
    take: ({ notification }) => {
      if (isWrong && notification.group!.alerts[0]!.labels.n === 'x') throw new AppError('INVALID_CONFIG', 'the webhook answered 404');
    },
  });
  const api = createNotifyApi(host.deps, () => {});
  await host.leave(transition('r', { n: 'x' }, 'firing'), transition('r', { n: 'y' }, 'firing'));
  await host.until(5);
  expect(inShort(host.sent)).toEqual(['1 a firing y']);
  const [dead] = await api.deliveries('default', { state: 'dead', limit: 10 });
  expect(dead).toMatchObject({ attempts: 1, lastError: 'the webhook answered 404', channel: 'a' });
  isWrong = false;
  await api.redrive(actor, dead!.id);
  await host.until(10);
  expect(host.sent.at(-1)!.notification.dedupKey).toBe(dead!.id);
  expect((await api.deliveries('default', { limit: 10 })).map(({ state }) => state)).toEqual(['sent', 'sent']);
  await expect(api.redrive(actor, dead!.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('attempts are bounded', async () => {
  let tries = 0;
  const host = openNotify(config, {
    take: () => {
      tries++;
      throw new AppError('CHANNEL_UNAVAILABLE', 'busy');
    },
  });
  await host.leave(transition('r', { n: 'x' }, 'firing'), transition('r', { n: 'x' }, 'resolved', { at: 1 }));
  await host.leave(transition('r', { n: 'z' }, 'firing'));
  await host.until(7_200, 20);
  expect(tries).toBe(maxAttempts);
  expect(await createNotifyApi(host.deps, () => {}).deliveries('default', { state: 'dead', limit: 10 })).toHaveLength(1);
});

test('two workers over one store tell everything once between them', async () => {
  const sent: Sent[] = [];
  const one = openNotify(config, { isAlone: false, take: (what) => void sent.push(what) });
  const ids = { count: 0 };
  const other = new Notify({ ...one.deps, newId: () => `m${++ids.count}` });
  await one.leave(...Array.from({ length: 60 }, (_, i) => transition('r', { n: String(i) }, 'firing')));
  for (let i = 0; i < 10; i++) {
    one.clock.advance(1_000);
    await Promise.all([one.notify.pass(), other.pass()]);
  }
  expect(sent.map(({ notification }) => notification.group!.alerts[0]!.labels.n).sort()).toEqual(
    Array.from({ length: 60 }, (_, i) => String(i)).sort(),
  );
});

test('a silence is silent from its start to its end, and an acknowledgement by the id of an alert holds', async () => {
  const host = openNotify({ route: { receiver: 'a', group_by: ['n'], group_wait: '0s', group_interval: '10s', repeat_interval: '20s' } });
  const api = createNotifyApi(host.deps, () => {});
  const nowUs = host.clock.nowMs() * 1000;
  await api.addSilence(actor, { matchers: ['n="x"'], endsUs: nowUs + 100e6, comment: 'moving', createdBy: 'anna' });
  const [x, y] = ['x', 'y'].map((n) => transition('r', { n }, 'firing'));
  await host.leave(x!, y!);
  await host.until(50);
  await api
    .acknowledge(actor, `${y!.fingerprint}-${nowUs}`, { by: 'anna', comment: '' })
    .catch(() => api.acknowledge(actor, y!.fingerprint, { by: 'anna', comment: '' }));
  await host.until(115);
  const told = inShort(host.sent);
  expect(told.filter((line) => line.includes('x'))).toEqual([expect.stringMatching(/^1[01]\d a firing x$/)]);
  expect(told.filter((line) => line.includes('y'))).toEqual(['1 a firing y', '21 a firing y (repeat)', '41 a firing y (repeat)']);
});

/** `LOGDRIVE_GROUPS=10000` is the whole size. */
const groups = Number(process.env.LOGDRIVE_GROUPS ?? 1_000);

test(`${groups} groups are told once each`, async () => {
  const host = openNotify({ route: { receiver: 'a', group_by: ['...'], group_wait: '5s' } });
  const all = Array.from({ length: groups }, (_, i) => transition('r', { n: String(i) }, 'firing'));
  for (let i = 0; i < all.length; i += 500) await host.leave(...all.slice(i, i + 500));
  await host.until(10, 5);
  expect(new Set(host.sent.map(({ notification }) => notification.group!.alerts[0]!.labels.n)).size).toBe(groups);
  expect(host.sent).toHaveLength(groups);
  expect(new Set(host.sent.map(({ notification }) => notification.dedupKey)).size).toBe(groups);
});
