const newline = 10;

/** The distinct words of a row group's messages and the pages that hold each; see `format.md`. */
export class Words {
  /** Memory taken, roughly. */
  readonly bytes: number;
  readonly #text: Buffer;
  readonly #starts: Uint32Array;
  readonly #pages: Uint32Array;

  constructor(decoded: Buffer, textSize: number, count: number) {
    this.#text = Buffer.concat([Buffer.of(newline), decoded.subarray(0, textSize)]);
    this.#starts = new Uint32Array(count);
    this.#pages = new Uint32Array(count);
    const bitsAt = (textSize + 3) & ~3;
    for (let at = 0, word = 0; word < count; word++) {
      this.#starts[word] = at;
      this.#pages[word] = decoded.readUInt32LE(bitsAt + word * 4);
      at = this.#text.indexOf(newline, at + 1);
    }
    this.bytes = textSize + count * 8;
  }

  /** The pages, as bits, of every word that holds `part`, at its start where `left`, at its end where `right`. */
  pagesOf(part: Buffer, left: boolean, right: boolean): number {
    const edge = Buffer.of(newline);
    const pattern = Buffer.concat([left ? edge : Buffer.alloc(0), part, right ? edge : Buffer.alloc(0)]);
    let pages = 0;
    for (let at = this.#text.indexOf(pattern); at >= 0; at = this.#text.indexOf(pattern, at + 1)) {
      pages |= this.#pages[this.#wordAt(at)]!;
      if (left && right) break;
    }
    return pages >>> 0;
  }

  #wordAt(at: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
