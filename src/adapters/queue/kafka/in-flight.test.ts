import { expect, test } from 'vitest';
import { InFlight } from './in-flight.ts';

test('what is under way is bounded, and who holds most of it is told to slow down before others are', async () => {
  const inFlight = new InFlight({ maxBytes: 100, maxRequests: 3 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const large = inFlight.during('loud', 150, () => promise);
  await expect(inFlight.during('loud', 1, async () => {})).rejects.toMatchObject({ code: 'RATE_LIMITED', more: { retryAfterS: 1 } });
  await expect(inFlight.during('other', 1, async () => {})).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', more: { retryAfterS: 1 } });
  resolve();
  await large;
  expect(inFlight).toMatchObject({ bytes: 0, requests: 0 });

  const gate = Promise.withResolvers<void>();
  const three = ['a', 'b', 'c'].map((tenant) => inFlight.during(tenant, 10, () => gate.promise));
  await expect(inFlight.during('d', 1, async () => {})).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
  gate.reject(new Error('as it may be'));
  expect((await Promise.allSettled(three)).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(inFlight).toMatchObject({ bytes: 0, requests: 0 });
});
