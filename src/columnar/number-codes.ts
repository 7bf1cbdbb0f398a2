const slotBits = 17;
const sampleRows = 4096;
const mostDistinctInSample = 3500;
const bits = new Float64Array(1);
const words = new Int32Array(bits.buffer);

/** Numbers as codes of their distinct values, in the order of first appearance; `codes[i]` is 0 for NaN (absent). */
export type NumberCodes = { codes: Uint16Array; values: Float64Array };

/** Codes numbers by their bits, so that -0 stays -0; undefined where too few repeat to be worth a dictionary. */
export function codeNumbers(numbers: Float64Array, rows: number): NumberCodes | undefined {
  const slots = new Uint16Array(1 << slotBits);
  const codes = new Uint16Array(rows);
  const low = new Int32Array(rows + 1);
  const high = new Int32Array(rows + 1);
  const mask = (1 << slotBits) - 1;
  let distinct = 0;
  let seen = 0;
  for (let i = 0; i < rows; i++) {
    const value = numbers[i]!;
    if (Number.isNaN(value)) continue;
    bits[0] = value;
    const a = words[0]!;
    const b = words[1]!;
    const mixed = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    let code = slots[slot]!;
    while (code !== 0 && (low[code] !== a || high[code] !== b)) {
      slot = (slot + 1) & mask;
      code = slots[slot]!;
    }
    if (code === 0) {
      code = ++distinct;
      slots[slot] = code;
      low[code] = a;
      high[code] = b;
    }
    codes[i] = code;
    if (++seen === sampleRows && distinct > mostDistinctInSample) return undefined;
  }
  if (!worthDictionary(distinct, seen)) return undefined;
  const values = new Float64Array(distinct);
  const valueWords = new Int32Array(values.buffer);
  for (let code = 1; code <= distinct; code++) {
    valueWords[code * 2 - 2] = low[code]!;
    valueWords[code * 2 - 1] = high[code]!;
  }
  return { codes, values };
}

/** Whether so many distinct values of so many present ones are written as a dictionary. */
export const worthDictionary = (distinct: number, present: number): boolean => distinct > 0 && (distinct <= 256 || distinct * 2 <= present);
