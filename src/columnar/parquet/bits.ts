/**
 * Appends `count` values of `width` bits (at most 24), lowest bit first, zeros behind up to `padded` values (a multiple of 8). Returns the end.
 * https://github.com/apache/parquet-format/blob/master/Encodings.md
 */
export function packBits(
  target: Uint8Array,
  at: number,
  values: Uint16Array | Uint32Array,
  from: number,
  count: number,
  padded: number,
  width: number,
): number {
  let out = at;
  let held = 0;
  let bits = 0;
  for (let i = 0; i < count; i++) {
    held |= values[from + i]! << bits;
    bits += width;
    while (bits >= 8) {
      target[out++] = held;
      held >>>= 8;
      bits -= 8;
    }
  }
  const end = at + (padded * width) / 8;
  if (bits > 0) target[out++] = held;
  while (out < end) target[out++] = 0;
  return end;
}

/** Appends an unsigned integer of up to 2^53 as a LEB128. Returns the end. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let out = at;
  let rest = value;
  while (rest > 127) {
    target[out++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  target[out++] = rest;
  return out;
}

/** How many bits a value below 2^53 takes. */
export const bitWidth = (value: number): number =>
  value < 4294967296 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / 4294967296));

const shortestRun = 16;

/** The most bytes that `writeHybrid` takes. */
export const hybridBound = (count: number, width: number): number => Math.ceil((count * (width + 2)) / 8) + 64;

/** Appends values as Parquet's RLE / bit-packed hybrid without a length in front; width at most 16. Returns the end. */
export function writeHybrid(target: Uint8Array, at: number, values: Uint16Array, count: number, width: number): number {
  let out = at;
  let i = 0;
  while (i < count) {
    const value = values[i]!;
    let runEnd = i + 1;
    while (runEnd < count && values[runEnd] === value) runEnd++;
    if (runEnd - i >= shortestRun || (runEnd === count && runEnd - i >= 8)) {
      out = writeRun(target, out, value, runEnd - i, width);
      i = runEnd;
      continue;
    }
    const from = i;
    i += 8;
    while (i < count && !startsRun(values, i, count)) i += 8;
    const groups = (i - from) >> 3;
    out = writeVarint(target, out, groups * 2 + 1);
    out = packBits(target, out, values, from, Math.min(i, count) - from, groups * 8, width);
  }
  return out;
}

/** Appends one RLE run. Returns the end. */
export function writeRun(target: Uint8Array, at: number, value: number, count: number, width: number): number {
  let out = writeVarint(target, at, count * 2);
  for (let bits = width, rest = value; bits > 0; bits -= 8, rest >>>= 8) target[out++] = rest;
  return out;
}

function startsRun(values: Uint16Array, from: number, count: number): boolean {
  const end = from + shortestRun;
  if (end > count) return false;
  const value = values[from]!;
  for (let i = from + 1; i < end; i++) if (values[i] !== value) return false;
  return true;
}
