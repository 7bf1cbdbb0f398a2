import { defineProcessor } from '../../core/processor.ts';
import type { Position } from '../../core/record.ts';
import manifest from './manifest.ts';

export default defineProcessor(manifest, ({ keep, salt }) => {
  const seed = [...salt].reduce((hash, char) => mix(hash ^ char.codePointAt(0)!), 0x9e3779b9);
  return (record, { position }) => (fractionOf(position, seed) < keep ? record : undefined);
});

/** A number from 0 to below 1 that depends on nothing but the position and the seed, evenly spread. */
export function fractionOf({ generation, partition, offset }: Position, seed = 0): number {
  let hash = mix(seed ^ (offset >>> 0));
  hash = mix(hash ^ Math.floor(offset / 2 ** 32));
  hash = mix(hash ^ (partition * 0x10001 + generation));
  return hash / 2 ** 32;
}

/** The finaliser of MurmurHash3. https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp */
function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
