import { decodeDelta } from './decode-delta.ts';

const onesIn = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

/** What stands at a few places of a page, ascending: 1 where there is a value, and how many values stand before. */
type PickedLevels = { present: Uint8Array; ranks: Uint16Array; at: number };

/** Reads a run's header: its length in values, whether they are packed, and where its bytes begin. */
function runAt(bytes: Uint8Array, at: number): { length: number; packed: boolean; at: number } {
  let p = at;
  let header = 0;
  for (let shift = 0, byte = 128; byte > 127; shift += 7) {
    byte = bytes[p++]!;
    header |= (byte & 127) << shift;
  }
  const packed = (header & 1) === 1;
  return { length: packed ? (header >>> 1) * 8 : header >>> 1, packed, at: p };
}

/** Reads single values of the RLE / bit-packed hybrid, as `decodeHybrid` reads all of them. */
function pickHybrid(bytes: Uint8Array, start: number, width: number, places: Uint16Array): Uint16Array {
  const out = new Uint16Array(places.length);
  const mask = (1 << width) - 1;
  let from = 0;
  for (let at = start, k = 0; k < places.length; ) {
    const run = runAt(bytes, at);
    const end = from + run.length;
    for (; k < places.length && places[k]! < end; k++) {
      const bit = run.packed ? (places[k]! - from) * width : 0;
      const p = run.at + (bit >> 3);
      out[k] = ((bytes[p]! | (bytes[p + 1]! << 8) | (bytes[p + 2]! << 16)) >>> (bit & 7)) & mask;
    }
    at = run.at + (run.packed ? (run.length * width) >> 3 : (width + 7) >> 3);
    from = end;
  }
  return out;
}

/** Reads the definition levels at single places of an optional column's page. */
function pickLevels(page: Uint8Array, places: Uint16Array): PickedLevels {
  const present = new Uint8Array(places.length);
  const ranks = new Uint16Array(places.length);
  let from = 0;
  let ones = 0;
  for (let at = 4, k = 0; k < places.length; ) {
    const run = runAt(page, at);
    const end = from + run.length;
    if (!run.packed) {
      const level = page[run.at]!;
      for (; k < places.length && places[k]! < end; k++) {
        present[k] = level;
        ranks[k] = ones + (places[k]! - from) * level;
      }
      ones += run.length * level;
      at = run.at + 1;
    } else {
      at = run.at + (run.length >> 3);
      for (let p = run.at, first = from; p < at; p++, first += 8) {
        const byte = page[p]!;
        for (; k < places.length && places[k]! < first + 8; k++) {
          const bit = places[k]! - first;
          present[k] = (byte >> bit) & 1;
          ranks[k] = ones + onesIn[byte & ((1 << bit) - 1)]!;
        }
        ones += onesIn[byte]!;
      }
    }
    from = end;
  }
  return { present, ranks, at: 4 + (page[0]! | (page[1]! << 8) | (page[2]! << 16) | (page[3]! << 24)) };
}

const levelsOf = (page: Uint8Array, optional: boolean, places: Uint16Array): PickedLevels =>
  optional ? pickLevels(page, places) : { present: new Uint8Array(places.length).fill(1), ranks: places, at: 0 };

/** Reads the dictionary codes at ascending places of a page, 0 for absent, without decoding the others. */
export function pickCodes(page: Uint8Array, optional: boolean, places: Uint16Array): Uint16Array {
  const { present, ranks, at } = levelsOf(page, optional, places);
  const isThere = (_: number, k: number): boolean => present[k] === 1;
  const codes = pickHybrid(page, at + 1, page[at] ?? 0, ranks.filter(isThere));
  let next = 0;
  return Uint16Array.from(present, (level) => (level === 1 ? codes[next++]! + 1 : 0));
}

/** Reads the doubles at ascending places of a PLAIN page, NaN for absent. */
export function pickDoubles(page: Buffer, optional: boolean, places: Uint16Array): Float64Array {
  const { present, ranks, at } = levelsOf(page, optional, places);
  return Float64Array.from(ranks, (rank, k) => (present[k] === 1 ? page.readDoubleLE(at + rank * 8) : Number.NaN));
}

/** Reads the booleans at ascending places of a PLAIN page: 0 absent, 1 false, 2 true. */
export function pickBooleans(page: Uint8Array, optional: boolean, places: Uint16Array): Uint8Array {
  const { present, ranks, at } = levelsOf(page, optional, places);
  return Uint8Array.from(present, (level, k) => (level === 1 ? 1 + ((page[at + (ranks[k]! >> 3)]! >> (ranks[k]! & 7)) & 1) : 0));
}

/** Shared: a delta is known only from all before it. */
const deltas = new Float64Array(65_536);

/** Reads the numbers at ascending places of a DELTA_BINARY_PACKED page. */
export function pickDeltas(page: Uint8Array, places: Uint16Array): Float64Array {
  decodeDelta(page, deltas, 0, (places.at(-1) ?? 0) + 1);
  return Float64Array.from(places, (place) => deltas[place]!);
}
