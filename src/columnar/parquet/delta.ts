import { bitWidth, packBits, writeVarint } from './bits.ts';

const blockValues = 128;
const miniBlocks = 4;
const miniValues = blockValues / miniBlocks;
/** Below this, differences of differences are exact in a double. */
const exact = 2 ** 51;

const deltas = new Float64Array(blockValues);
const part = new Uint32Array(miniValues);

/** The most bytes that `writeDelta` takes. */
export const deltaBound = (count: number): number => 64 + Math.ceil(count / blockValues) * (16 + blockValues * 8);

/**
 * Appends whole numbers (exact in a double) as DELTA_BINARY_PACKED, for INT64. Returns the end.
 * https://github.com/apache/parquet-format/blob/master/Encodings.md#delta-encoding-delta_binary_packed--5
 */
export function writeDelta(target: Uint8Array, at: number, values: Float64Array, from: number, to: number): number {
  let out = writeVarint(target, at, blockValues);
  out = writeVarint(target, out, miniBlocks);
  out = writeVarint(target, out, to - from);
  for (let i = from; i < to; i++) if (Math.abs(values[i]!) >= exact) return writeWideBlocks(target, out, values, from, to);
  out = writeVarint(target, out, zigzag(from < to ? values[from]! : 0));
  for (let i = from + 1; i < to; i += blockValues) out = writeBlock(target, out, values, i, Math.min(blockValues, to - i));
  return out;
}

const zigzag = (value: number): number => (value < 0 ? -value * 2 - 1 : value * 2);

function writeBlock(target: Uint8Array, at: number, values: Float64Array, from: number, count: number): number {
  let least = Number.POSITIVE_INFINITY;
  let before = values[from - 1]!;
  for (let i = 0; i < count; i++) {
    const value = values[from + i]!;
    const delta = value - before;
    before = value;
    deltas[i] = delta;
    if (delta < least) least = delta;
  }
  let out = writeVarint(target, at, zigzag(least));
  const widthsAt = out;
  out += miniBlocks;
  for (let mini = 0; mini < miniBlocks; mini++) {
    const start = mini * miniValues;
    const end = Math.min(start + miniValues, count);
    let most = 0;
    for (let i = start; i < end; i++) {
      const rest = deltas[i]! - least;
      deltas[i] = rest;
      if (rest > most) most = rest;
    }
    const width = bitWidth(most);
    target[widthsAt + mini] = width;
    if (width > 0) out = packDeltas(target, out, start, Math.max(end - start, 0), width);
  }
  return out;
}

/** Packs up to 32 deltas; wide ones in 8-bit steps, since 32-bit shifts hold no more. */
function packDeltas(target: Uint8Array, at: number, start: number, count: number, width: number): number {
  if (width <= 24) {
    for (let i = 0; i < count; i++) part[i] = deltas[start + i]!;
    return packBits(target, at, part, 0, count, miniValues, width);
  }
  const end = at + (miniValues * width) / 8;
  target.fill(0, at, end);
  for (let i = 0; i < count; i++) {
    let bit = i * width;
    let rest = deltas[start + i]!;
    while (rest > 0) {
      const low = rest % 256;
      const byte = at + (bit >> 3);
      target[byte]! |= low << (bit & 7);
      if (low >> (8 - (bit & 7)) > 0) target[byte + 1]! |= low >> (8 - (bit & 7));
      rest = Math.floor(rest / 256);
      bit += 8;
    }
  }
  return end;
}

/** The same for values so large that only big integers are exact: times before 1898 or behind 2041 are not worth speed. */
function writeWideBlocks(target: Uint8Array, at: number, values: Float64Array, from: number, to: number): number {
  const all = Array.from(values.subarray(from, to), (value) => BigInt(value));
  let out = writeBigVarint(target, at, bigZigzag(all[0]!));
  for (let i = 1; i < all.length; i += blockValues) {
    const block = all.slice(i, i + blockValues).map((value, k) => value - all[i + k - 1]!);
    const least = block.reduce((a, b) => (b < a ? b : a));
    out = writeBigVarint(target, out, bigZigzag(least));
    const widthsAt = out;
    target.fill(0, out, out + miniBlocks);
    out += miniBlocks;
    for (let mini = 0; mini < miniBlocks; mini++) {
      const rests = block.slice(mini * miniValues, (mini + 1) * miniValues).map((delta) => delta - least);
      const width = rests.reduce((most, rest) => Math.max(most, rest.toString(2).length), 0);
      if (rests.every((rest) => rest === 0n)) continue;
      target[widthsAt + mini] = width;
      let packed = 0n;
      rests.forEach((rest, k) => {
        packed |= rest << BigInt(k * width);
      });
      for (const end = out + (miniValues * width) / 8; out < end; packed >>= 8n) target[out++] = Number(packed & 255n);
    }
  }
  return out;
}

const bigZigzag = (value: bigint): bigint => (value < 0n ? -value * 2n - 1n : value * 2n);

function writeBigVarint(target: Uint8Array, at: number, value: bigint): number {
  let out = at;
  let rest = value;
  for (; rest > 127n; rest >>= 7n) target[out++] = Number(rest & 127n) | 128;
  target[out++] = Number(rest);
  return out;
}
