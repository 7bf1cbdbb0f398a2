import { AppError } from '../../core/errors.ts';

/** Whether only this machine can reach a host bound to the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** @throws AppError INVALID_CONFIG: a host that others can reach must have a key */
export function refuseOpenHost(host: string): never {
  throw new AppError(
    'INVALID_CONFIG',
    `${host} can be reached by other machines and there is no API key yet: make one with "logdrive keys create first --scopes ingest,query,admin", or listen on 127.0.0.1`,
  );
}
