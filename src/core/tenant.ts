/** A tenant's name: 1 to 40 of `a-z`, `0-9` and `-`. It comes from the API key, never from a body or a header. */
export const tenantPattern = /^[a-z0-9-]{1,40}$/;

/** Who an open embedded host on a loopback address takes every caller for. */
export const defaultTenant = 'default';

/** The tenant of the platform's own canary and logs. */
export const systemTenant = 'logdrive-system';

export const isTenant = (name: string): boolean => tenantPattern.test(name);
