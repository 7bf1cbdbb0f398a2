import type { Decoded } from '../records-of.ts';
import type { OpenBatch } from './open-batch.ts';

/** Finds which of these ids of a tenant are in committed files already. */
export type CommittedIds = (tenant: string, ids: string[]) => Promise<Set<string>>;

/**
 * Tells which client ids of one queue batch are taken: in memory, or in a committed file. The first record indexed keeps its id, so that an
 * id is never visible twice. The batches that were open before the look-up are asked as well: one of them may be committed meanwhile.
 */
export async function takenIds(
  decoded: Decoded[],
  tenant: string,
  openNow: () => OpenBatch[],
  committed: CommittedIds,
): Promise<(id: string) => boolean> {
  const ids = new Set<string>();
  for (const item of decoded) if ('record' in item && item.record.client_id !== undefined) ids.add(item.record.client_id);
  if (ids.size === 0) return () => false;

  const before = openNow();
  const inFiles = await committed(tenant, [...ids]);
  const holds = (batches: OpenBatch[], id: string) => batches.some((batch) => batch.clientIds.has(id));
  return (id) => inFiles.has(id) || holds(before, id) || holds(openNow(), id);
}
