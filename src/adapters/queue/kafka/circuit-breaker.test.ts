import { expect, test } from 'vitest';
import { manualClock } from '../../../core/clock.ts';
import { CircuitBreaker } from './circuit-breaker.ts';

test('a circuit breaker opens after failures in a row, lets one try when its time is over, and closes with its success', () => {
  const clock = manualClock();
  const breaker = new CircuitBreaker({ clock, failures: 3, openMs: 2_500 });
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) breaker.failed();
  };
  fail(2);
  breaker.succeeded();
  fail(2);
  expect([breaker.state, breaker.enter()]).toEqual(['closed', true]);
  fail(1);
  expect([breaker.state, breaker.enter(), breaker.retryAfterS, breaker.opened]).toEqual(['open', false, 3, 1]);
  clock.advance(2_000);
  expect([breaker.state, breaker.enter(), breaker.retryAfterS]).toEqual(['open', false, 1]);
  clock.advance(500);
  expect([breaker.state, breaker.enter(), breaker.enter()]).toEqual(['half-open', true, false]);
  fail(1);
  expect([breaker.state, breaker.enter(), breaker.opened]).toEqual(['open', false, 1]);
  clock.advance(2_500);
  expect(breaker.enter()).toBe(true);
  breaker.succeeded();
  expect([breaker.state, breaker.enter(), breaker.enter()]).toEqual(['closed', true, true]);
});
