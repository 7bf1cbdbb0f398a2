import { randomBytes } from 'node:crypto';

/** A name that no other test has: of a table, a bucket, a queue. */
export const randomName = (kind: string): string => `logdrive-${kind}-${randomBytes(6).toString('hex')}`;
