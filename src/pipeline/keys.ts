import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { StateStore, Versioned } from '../core/ports/state-store.ts';
import type { ApiKey, Caller, Keys, Scope } from './platform.ts';

/** A secret's SHA-256 (it is 32 random bytes, so no slow hash is needed) and until when it works: the former one of a rotation, for a while. */
type StoredSecret = { sha256: string; untilMs: number | undefined };
type StoredKey = Omit<ApiKey, 'rotatedUntilMs'> & { secrets: StoredSecret[] };

const prefix = 'keys/';
/** A key that another process revoked works on for at most this long here. */
const cacheMs = 60_000;
const openCacheMs = 1_000;
/** The last use is written down at most this often. */
const lastUsedEveryMs = 10 * 60_000;
const maxCached = 10_000;

/** `ld_<id>_<secret>`: the id finds the key without a search; 32 random bytes as base64url. */
const secretPattern = /^ld_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

/** Makes the API keys that are kept in a state store. Secrets are stored as digests only and compared in constant time. */
export function createKeys({ state, clock }: { state: StateStore; clock: Clock }): Keys {
  const cache = new Map<string, { key: StoredKey; readMs: number }>();
  let made = false;
  let askedMs = Number.NEGATIVE_INFINITY;

  const read = async (id: string): Promise<Versioned<StoredKey>> => {
    const stored = await state.get<StoredKey>(prefix + id);
    if (!stored) throw new AppError('NOT_FOUND', `there is no key with the id ${id}`);
    return stored;
  };

  /** Applies a change to a stored key, again until nobody else was first. */
  const change = async (id: string, apply: (key: StoredKey) => StoredKey): Promise<StoredKey> => {
    for (;;) {
      const { value, version } = await read(id);
      const next = apply(value);
      if ((await state.compareAndSet(prefix + id, version, next)) === undefined) continue;
      cache.delete(id);
      return next;
    }
  };

  const cached = async (id: string): Promise<StoredKey | undefined> => {
    const nowMs = clock.monotonicMs();
    const known = cache.get(id);
    if (known && nowMs - known.readMs < cacheMs) return known.key;
    const stored = await state.get<StoredKey>(prefix + id);
    if (!stored) return undefined;
    if (cache.size >= maxCached) cache.clear();
    cache.set(id, { key: stored.value, readMs: nowMs });
    return stored.value;
  };

  const noteUse = (key: StoredKey) => {
    const nowMs = clock.nowMs();
    if (key.lastUsedAtMs !== undefined && nowMs - key.lastUsedAtMs < lastUsedEveryMs) return;
    key.lastUsedAtMs = nowMs;
    // A note that is lost is made again with the next use of the key.
    change(key.id, (stored) => ({ ...stored, lastUsedAtMs: nowMs })).catch(() => {});
  };

  return {
    async any() {
      const nowMs = clock.monotonicMs();
      if (!made && nowMs - askedMs >= openCacheMs) {
        askedMs = nowMs;
        made = (await state.list(prefix)).length > 0;
      }
      return made;
    },

    async check(secret) {
      const id = secretPattern.exec(secret)?.[1];
      const key = id === undefined ? undefined : await cached(id);
      const nowMs = clock.nowMs();
      if (!key || !isLive(key, secret, nowMs)) {
        throw new AppError('UNAUTHENTICATED', 'the API key is not known, has expired or was revoked; make one with `logdrive keys create`');
      }
      if (key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs) {
        throw new AppError(
          'UNAUTHENTICATED',
          `the API key ${key.id} expired at ${new Date(key.expiresAtMs).toISOString()}; make a new one`,
        );
      }
      noteUse(key);
      return { tenant: key.tenant, keyId: key.id, scopes: key.scopes } satisfies Caller;
    },

    async create({ tenant, name, scopes, expiresAtMs }: { tenant: string; name: string; scopes: Scope[]; expiresAtMs?: number }) {
      const id = randomBytes(8).toString('hex');
      const secret = newSecret(id);
      const key: StoredKey = {
        ...{ id, tenant, name, scopes, createdAtMs: clock.nowMs(), expiresAtMs, revokedAtMs: undefined, lastUsedAtMs: undefined },
        secrets: [{ sha256: digest(secret).toString('hex'), untilMs: undefined }],
      };
      if ((await state.compareAndSet(prefix + id, 0, key)) === undefined)
        throw new AppError('CONFLICT', `the key id ${id} is taken; try again`);
      made = true;
      return { key: listed(key), secret };
    },

    async list(tenant) {
      const stored = await state.list<StoredKey>(prefix);
      const keys = stored.map(({ value }) => listed(value)).filter((key) => tenant === undefined || key.tenant === tenant);
      return keys.sort((a, b) => a.createdAtMs - b.createdAtMs);
    },

    async rotate(id, overlapMs) {
      const secret = newSecret(id);
      const key = await change(id, (stored) => {
        if (stored.revokedAtMs !== undefined) throw new AppError('CONFLICT', `the key ${id} is revoked; make a new one`);
        const untilMs = clock.nowMs() + overlapMs;
        const [newest] = stored.secrets;
        return {
          ...stored,
          secrets: [
            { sha256: digest(secret).toString('hex'), untilMs: undefined },
            { ...newest!, untilMs },
          ],
        };
      });
      return { key: listed(key), secret };
    },

    async revoke(id) {
      return listed(await change(id, (stored) => ({ ...stored, revokedAtMs: stored.revokedAtMs ?? clock.nowMs(), secrets: [] })));
    },
  };
}

const newSecret = (id: string): string => `ld_${id}_${randomBytes(32).toString('base64url')}`;

const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest();

function isLive(key: StoredKey, secret: string, nowMs: number): boolean {
  const given = digest(secret);
  let live = false;
  for (const { sha256, untilMs } of key.secrets) {
    const same = timingSafeEqual(given, Buffer.from(sha256, 'hex'));
    if (same && (untilMs === undefined || nowMs < untilMs)) live = true;
  }
  return live;
}

function listed({ secrets, ...key }: StoredKey): ApiKey {
  const { expiresAtMs, revokedAtMs, lastUsedAtMs } = key;
  return { ...key, expiresAtMs, revokedAtMs, lastUsedAtMs, rotatedUntilMs: secrets[1]?.untilMs };
}
