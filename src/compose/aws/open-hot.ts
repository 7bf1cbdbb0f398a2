import type { Environment } from '../../../lambdas/environment.ts';
import { OpenSearchHotStore } from '../../adapters/hot/opensearch/opensearch-hot-store.ts';
import type { Clock } from '../../core/clock.ts';
import { region, roleCredentials } from './credentials.ts';

export type HotEnvironment = Environment<'LOGDRIVE_HOT_URL'> & Partial<Environment<'LOGDRIVE_HOT_PREFIX' | 'LOGDRIVE_HOT_CELLS'>>;

/** The hot store, where the stage has one: requests to a domain are signed with the role's keys, those to a plain address are not. */
export function openHot(
  { LOGDRIVE_HOT_URL: given, LOGDRIVE_HOT_PREFIX: prefix, LOGDRIVE_HOT_CELLS: cells }: HotEnvironment,
  clock: Clock,
): OpenSearchHotStore | undefined {
  if (!given) return undefined;
  const url = given.includes('://') ? given : `https://${given}`;
  const isSigned = url.startsWith('https:');
  return new OpenSearchHotStore({
    url,
    clock,
    ...(prefix ? { prefix } : {}),
    ...(cells ? { cells } : {}),
    ...(isSigned ? { auth: { kind: 'sigv4', region: region(), credentials: async () => roleCredentials() } } : {}),
  });
}
