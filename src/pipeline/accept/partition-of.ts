/**
 * The partition that takes all records of a request: by FNV-1a (32 bits) over the tenant and its idempotency key or request id, so that a repeat
 * meets the same one.
 */
export function partitionOf(tenant: string, request: string, partitions: number): number {
  if (partitions === 1) return 0;
  let hash = 0x811c9dc5;
  for (const text of [tenant, '\0', request]) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % partitions;
}
