type Cells = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** Makes a longer copy of an array, zeros behind. */
export function grown<T extends Cells>(cells: T, length: number): T {
  const longer = new (cells.constructor as new (length: number) => T)(length);
  longer.set(cells);
  return longer;
}
