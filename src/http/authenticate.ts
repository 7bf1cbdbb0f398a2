import { AppError } from '../core/errors.ts';
import { defaultTenant, systemTenant } from '../core/tenant.ts';
import { type Caller, type Platform, type Scope, scopes } from '../pipeline/platform.ts';
import type { HeaderReader } from './exchange.ts';

/** The key id of callers of an open host. */
export const openKeyId = 'open';

const openCaller: Caller = { tenant: defaultTenant, keyId: openKeyId, scopes };

/**
 * Tells who calls. On an open host that is tenant `default` whatever key is shown, but only for programs of this machine: the Host header must
 * be a loopback name and a browser's Origin must be the host itself, so that no web page can use it.
 * @throws AppError UNAUTHENTICATED, SCOPE_MISSING, FORBIDDEN_ORIGIN
 */
export async function authenticate(platform: Platform, header: HeaderReader, scope: Scope): Promise<Caller> {
  if (await platform.open()) {
    refuseForeign(header);
    return openCaller;
  }
  const secret = secretOf(header);
  if (secret === undefined) {
    throw new AppError('UNAUTHENTICATED', 'the request shows no API key; send it as `authorization: Bearer ld_...` or `x-api-key: ld_...`');
  }
  const caller = await platform.keys.check(secret);
  if (!caller.scopes.includes(scope)) {
    throw new AppError('SCOPE_MISSING', `the key has the scopes ${caller.scopes.join(', ')} but this call needs ${scope}; use another key`);
  }
  return caller;
}

/** Whether a caller may act for other tenants: whoever runs the host, on it while it is open or with an admin key of the system tenant. */
export const isOperator = ({ tenant, keyId, scopes: of }: Caller): boolean =>
  keyId === openKeyId || (tenant === systemTenant && of.includes('admin'));

/** Who acts, as what is changed writes it down. */
export const actorOf = (caller: Caller): { tenant: string; by: string; isOperator: boolean } => ({
  tenant: caller.tenant,
  by: caller.keyId,
  isOperator: isOperator(caller),
});

function secretOf(header: HeaderReader): string | undefined {
  const own = header('x-api-key')?.trim();
  if (own) return own;
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(header('authorization') ?? '') ?? [];
  return bearer;
}

const loopbackHost = /^(?:localhost|[a-z0-9-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** Whether a Host header names this machine's loopback. */
export const isLoopbackHost = (host: string): boolean => loopbackHost.test(host);

function refuseForeign(header: HeaderReader): void {
  const host = header('host') ?? '';
  if (!isLoopbackHost(host)) {
    throw new AppError(
      'FORBIDDEN_ORIGIN',
      `the host header "${host.slice(0, 100)}" is no loopback name; make an API key to use other names`,
    );
  }
  const origin = header('origin');
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new AppError(
      'FORBIDDEN_ORIGIN',
      `pages of ${origin.slice(0, 100)} may not call an open host; make an API key and call it from a server`,
    );
  }
}
