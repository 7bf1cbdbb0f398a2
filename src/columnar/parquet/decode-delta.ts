import { decodeWideDelta } from './decode-wide-delta.ts';

/** Zigzag below this, and differences of at most so many bits, add up exactly in a double. */
const exact = 2 ** 52;
const widest = 51;

/**
 * Decodes a page of DELTA_BINARY_PACKED INT64 (https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC) into `out`. Values are integers
 * that a double holds, as times and offsets are. Of a page with more than `most`, at least so many are decoded.
 */
export function decodeDelta(page: Uint8Array, out: Float64Array, outAt: number, most = Number.POSITIVE_INFINITY): void {
  let p = 0;
  let isWide = false;
  const unsigned = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = page[p++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const signed = (): number => {
    const zigzag = unsigned();
    if (zigzag >= exact) isWide = true;
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  };
  let bits = 0;
  let held = 0;
  const take = (width: number): number => {
    while (held < width) {
      bits |= page[p++]! << held;
      held += 8;
    }
    const taken = bits & ((1 << width) - 1);
    bits >>>= width;
    held -= width;
    return taken;
  };
  const blockSize = unsigned();
  const miniblocks = unsigned();
  const perMiniblock = blockSize / miniblocks;
  const count = Math.min(unsigned(), most);
  let value = signed();
  let o = outAt;
  const end = outAt + count;
  if (isWide) {
    decodeWideDelta(page, out, outAt);
    return;
  }
  if (count > 0) out[o++] = value;
  while (o < end) {
    const least = signed();
    const widths = p;
    p += miniblocks;
    for (let m = 0; m < miniblocks; m++) if (page[widths + m]! > widest) isWide = true;
    if (isWide) {
      decodeWideDelta(page, out, outAt);
      return;
    }
    for (let m = 0; m < miniblocks && o < end; m++) {
      const width = page[widths + m]!;
      const next = p + (perMiniblock * width) / 8;
      const stop = Math.min(end, o + perMiniblock);
      if (width === 0) while (o < stop) out[o++] = value += least;
      else if (width <= 24) {
        const mask = (1 << width) - 1;
        while (o < stop) {
          while (held < width) {
            bits |= page[p++]! << held;
            held += 8;
          }
          value += least + (bits & mask);
          out[o++] = value;
          bits >>>= width;
          held -= width;
        }
      } else {
        while (o < stop) {
          const low = take(24);
          const middle = take(Math.min(24, width - 24));
          const high = width > 48 ? take(width - 48) : 0;
          value += least + low + middle * 0x1000000 + high * 0x1000000000000;
          out[o++] = value;
        }
      }
      bits = 0;
      held = 0;
      p = next;
    }
  }
}
