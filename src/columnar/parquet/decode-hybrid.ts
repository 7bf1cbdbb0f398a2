/** An array that codes are decoded into. */
export type Codes = Uint8Array | Uint16Array;

/**
 * Decodes `count` values of the RLE / bit-packed hybrid (https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE) from `bytes[at]` on, adding
 * `add` to each. `width` is 0 to 16 bits.
 */
export function decodeHybrid(bytes: Uint8Array, at: number, width: number, count: number, add: number, out: Codes, outAt: number): void {
  const end = outAt + count;
  const mask = (1 << width) - 1;
  let p = at;
  let o = outAt;
  while (o < end) {
    let header = bytes[p++]!;
    if (header > 127) {
      header &= 127;
      for (let shift = 7, byte = 128; byte > 127; shift += 7) {
        byte = bytes[p++]!;
        header |= (byte & 127) << shift;
      }
    }
    if ((header & 1) === 0) {
      const stop = Math.min(end, o + (header >>> 1));
      let value = 0;
      if (width > 0) value = bytes[p++]!;
      if (width > 8) value |= bytes[p++]! << 8;
      out.fill(value + add, o, stop);
      o = stop;
      continue;
    }
    const packedEnd = p + (header >>> 1) * width;
    const stop = Math.min(end, o + (header >>> 1) * 8);
    if (width === 8) while (o < stop) out[o++] = bytes[p++]! + add;
    else {
      let bits = 0;
      let held = 0;
      while (o < stop) {
        while (held < width) {
          bits |= bytes[p++]! << held;
          held += 8;
        }
        out[o++] = (bits & mask) + add;
        bits >>>= width;
        held -= width;
      }
    }
    p = packedEnd;
  }
}

/** Definition levels of one page of an optional column: `undefined` where every value is there, and where the values begin. */
export type Levels = { present: Uint8Array | undefined; at: number };

/** Decodes the levels (width 1, behind their u32 length) at the start of a V1 data page. */
export function decodeLevels(page: Uint8Array, rows: number): Levels {
  const length = page[0]! | (page[1]! << 8) | (page[2]! << 16) | (page[3]! << 24);
  const present = new Uint8Array(rows);
  decodeHybrid(page, 4, 1, rows, 0, present, 0);
  return { present: present.includes(0) ? present : undefined, at: 4 + length };
}

const scratch = new Uint16Array(65_536);

/** Decodes a page of dictionary codes into `out`: 0 is absent, the first value of the dictionary 1. */
export function decodeCodes(page: Uint8Array, rows: number, optional: boolean, out: Codes, outAt: number): void {
  const { present, at } = optional ? decodeLevels(page, rows) : { present: undefined, at: 0 };
  const width = page[at] ?? 0;
  if (!present) {
    decodeHybrid(page, at + 1, width, rows, 1, out, outAt);
    return;
  }
  let count = 0;
  for (let i = 0; i < rows; i++) count += present[i]!;
  decodeHybrid(page, at + 1, width, count, 1, scratch, 0);
  for (let i = 0, k = 0; i < rows; i++) out[outAt + i] = present[i] === 1 ? scratch[k++]! : 0;
}
