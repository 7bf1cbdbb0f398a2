import { AppError } from '../core/errors.ts';
import type { Keys } from './platform.ts';

/** Whose records a message with this API key brings; undefined for a key that is unknown or may not send. @throws AppError STORE_UNAVAILABLE */
export async function tenantOfKey(keys: Keys, secret: string): Promise<string | undefined> {
  try {
    const caller = await keys.check(secret);
    return caller.scopes.includes('ingest') ? caller.tenant : undefined;
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAUTHENTICATED') return undefined;
    throw error;
  }
}
