import { describe, expect, it } from 'vitest';
import { manualClock } from '../../core/clock.ts';
import type { AppError } from '../../core/errors.ts';
import { type RateLimit, RateLimiter } from './rate-limit.ts';

const retryAfter = (act: () => void): number | undefined => {
  try {
    act();
    return undefined;
  } catch (thrown) {
    expect((thrown as AppError).code).toBe('RATE_LIMITED');
    return (thrown as AppError).more.retryAfterS;
  }
};

function setUp(limits: Record<string, RateLimit>) {
  const clock = manualClock();
  return { clock, limiter: new RateLimiter((of, name) => limits[`${of}/${name}`], clock) };
}

describe('the rate limit', () => {
  it('lets everything pass and has nothing to tell where no limit is set', () => {
    const { limiter } = setUp({});
    for (let i = 0; i < 1000; i++) limiter.take('a', 'k');
    limiter.spend('a', 'k', 1e9);
    limiter.take('a', 'k');
    expect(limiter.status('a', 'k')).toBeUndefined();
  });

  it('refuses requests beyond the rate and says after how many seconds one passes', () => {
    const { clock, limiter } = setUp({ 'tenant/a': { requestsPerS: 2 } });
    limiter.take('a', 'k1');
    limiter.take('a', 'k2');
    expect(retryAfter(() => limiter.take('a', 'k1'))).toBe(1);
    clock.advance(500);
    limiter.take('a', 'k1');
    expect(retryAfter(() => limiter.take('a', 'k1'))).toBe(1);
    limiter.take('b', 'k1');
  });

  it('lets one request go beyond the records and delays the next ones by what it took too much', () => {
    const { clock, limiter } = setUp({ 'key/k': { recordsPerS: 100, burst: 200 } });
    limiter.take('a', 'k');
    limiter.spend('a', 'k', 700);
    expect(retryAfter(() => limiter.take('a', 'k'))).toBe(6);
    clock.advance(5_000);
    expect(retryAfter(() => limiter.take('a', 'k'))).toBe(1);
    clock.advance(10);
    limiter.take('a', 'k');
    limiter.take('a', 'other');
  });

  it('tells what is left of the scarcest rate', () => {
    const { clock, limiter } = setUp({ 'tenant/a': { recordsPerS: 1000, requestsPerS: 10 }, 'key/k': { recordsPerS: 10, burst: 100 } });
    limiter.take('a', 'k');
    limiter.spend('a', 'k', 40);
    const left = limiter.status('a', 'k')!;
    expect(left).toEqual({ policy: 'key-records', quota: 100, windowS: 10, remaining: 60, resetS: 4 });
    clock.advance(60_000);
    expect(limiter.status('a', 'k')!.remaining).toBe(limiter.status('a', 'k')!.quota);
  });

  it('takes a changed limit over within a minute', () => {
    const limits: Record<string, RateLimit> = { 'tenant/a': { requestsPerS: 1 } };
    const { clock, limiter } = setUp(limits);
    limiter.take('a', 'k');
    expect(retryAfter(() => limiter.take('a', 'k'))).toBe(1);
    delete limits['tenant/a'];
    clock.advance(60_000);
    for (let i = 0; i < 10; i++) limiter.take('a', 'k');
  });
});
