import type { AlertLabels } from '../transition.ts';

/** Names one alert for ever: 64 bits over tenant, rule and labels, as 16 hex digits. */
export function fingerprintOf(tenant: string, rule: string, labels: AlertLabels): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return hash64(JSON.stringify([tenant, rule, sorted]));
}

/**
 * Hashes text to 64 bits, 16 hex digits, with two multiplications a character and a final avalanche (after cyrb53, public domain). Even over texts
 * that are alike; no defence against who makes texts collide on purpose.
 */
export function hash64(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  const x = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  const y = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return hex(x) + hex(y);
}

const hex = (bits: number): string => (bits >>> 0).toString(16).padStart(8, '0');
