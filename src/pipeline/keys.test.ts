import { describe, expect, it } from 'vitest';
import { MemoryStateStore } from '../adapters/state/memory/memory-state-store.ts';
import { manualClock } from '../core/clock.ts';
import { createKeys } from './keys.ts';
import type { Scope } from './platform.ts';

const request = { tenant: 'acme', name: 'shipper', scopes: ['ingest'] as Scope[] };
const hour = 3_600_000;

function setUp() {
  const clock = manualClock(1_700_000_000_000);
  const state = new MemoryStateStore();
  return { clock, state, keys: createKeys({ state, clock }), elsewhere: createKeys({ state, clock }) };
}

describe('API keys', () => {
  it('tell whose a secret is, and keep nothing that spells it', async () => {
    const { keys, state } = setUp();
    expect(await keys.any()).toBe(false);
    const { key, secret } = await keys.create(request);
    expect(secret).toMatch(/^ld_[0-9a-f]{16}_[\w-]{43}$/);
    expect(await keys.any()).toBe(true);
    expect(await keys.check(secret)).toEqual({ tenant: 'acme', keyId: key.id, scopes: ['ingest'] });
    const stored = JSON.stringify(await state.list(''));
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(secret.slice(-43));
  });

  it('refuse what is no secret, another secret under a known id, and an unknown id', async () => {
    const { keys } = setUp();
    const { secret } = await keys.create(request);
    const last = secret.at(-1) === 'A' ? 'B' : 'A';
    for (const wrong of ['', 'ld_', 'x'.repeat(10_000), secret.slice(0, -1) + last, secret.replace(/ld_..../, 'ld_0000'), `${secret} `]) {
      await expect(keys.check(wrong)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  it('expire at their time', async () => {
    const { keys, clock } = setUp();
    const { secret } = await keys.create({ ...request, expiresAtMs: clock.nowMs() + hour });
    clock.advance(hour - 1);
    await keys.check(secret);
    clock.advance(1);
    await expect(keys.check(secret)).rejects.toThrow('expired at');
  });

  it('have two live secrets while they rotate, the former one for the time given', async () => {
    const { keys, clock } = setUp();
    const first = await keys.create(request);
    const second = await keys.rotate(first.key.id, hour);
    expect(second.key.rotatedUntilMs).toBe(clock.nowMs() + hour);
    await keys.check(first.secret);
    await keys.check(second.secret);
    const third = await keys.rotate(first.key.id, hour);
    await expect(keys.check(first.secret)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await keys.check(second.secret);
    clock.advance(hour);
    await expect(keys.check(second.secret)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await keys.check(third.secret);
  });

  it('stop working at once where they are revoked, and within a minute elsewhere', async () => {
    const { keys, elsewhere, clock } = setUp();
    const { key, secret } = await keys.create(request);
    await elsewhere.check(secret);
    expect((await keys.revoke(key.id)).revokedAtMs).toBe(clock.nowMs());
    await expect(keys.check(secret)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    clock.advance(60_000);
    await expect(elsewhere.check(secret)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(keys.rotate(key.id, hour)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await keys.any()).toBe(true);
  });

  it('are listed by tenant with their last use, and without what is secret', async () => {
    const { keys, clock } = setUp();
    const { key, secret } = await keys.create(request);
    await keys.create({ ...request, tenant: 'other' });
    clock.advance(5_000);
    await keys.check(secret);
    await new Promise(setImmediate);
    expect(await keys.list('acme')).toEqual([{ ...key, lastUsedAtMs: clock.nowMs() }]);
    expect(await keys.list()).toHaveLength(2);
    expect(JSON.stringify(await keys.list())).not.toMatch(/sha256|secrets/);
    await expect(keys.revoke('nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
