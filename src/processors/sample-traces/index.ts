import { defineProcessor } from '../../core/processor.ts';
import manifest from './manifest.ts';

export default defineProcessor(manifest, ({ keep }) => (record) => {
  const { trace_id, level } = record;
  if (trace_id === undefined || level === 'error' || level === 'fatal') return record;
  return fractionOfTrace(trace_id) < keep ? record : undefined;
});

/** A number from 0 to below 1 by FNV-1a (32 bits, mixed) over a trace id: senders do not all draw their ids evenly. */
export function fractionOfTrace(traceId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < traceId.length; i++) hash = Math.imul(hash ^ traceId.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
