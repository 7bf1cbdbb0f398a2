/** Decodes a page of DELTA_BINARY_PACKED as `decodeDelta` does, with big integers: exact for whatever an INT64 holds that a double can hold. */
export function decodeWideDelta(page: Uint8Array, out: Float64Array, outAt: number): void {
  let at = 0;
  const unsigned = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = page[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const signed = (): bigint => {
    const zigzag = unsigned();
    return (zigzag >> 1n) ^ -(zigzag & 1n);
  };
  const blockValues = Number(unsigned());
  const miniBlocks = Number(unsigned());
  const miniValues = blockValues / miniBlocks;
  const end = outAt + Number(unsigned());
  let value = signed();
  let o = outAt;
  if (o < end) out[o++] = Number(value);
  while (o < end) {
    const least = signed();
    const widthsAt = at;
    at += miniBlocks;
    for (let mini = 0; mini < miniBlocks && o < end; mini++) {
      const width = page[widthsAt + mini]!;
      const bytes = (miniValues * width) / 8;
      const packed = bigOf(page.subarray(at, at + bytes));
      const mask = (1n << BigInt(width)) - 1n;
      for (let i = 0; i < miniValues && o < end; i++) {
        value = BigInt.asIntN(64, value + least + ((packed >> BigInt(i * width)) & mask));
        out[o++] = Number(value);
      }
      at += bytes;
    }
  }
}

/** Bytes, the lowest first, as one number. */
function bigOf(bytes: Uint8Array): bigint {
  let digits = '';
  for (const byte of bytes) digits = byte.toString(16).padStart(2, '0') + digits;
  return digits === '' ? 0n : BigInt(`0x${digits}`);
}
