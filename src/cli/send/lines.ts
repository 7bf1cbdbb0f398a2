/** A line without its line end, and the offset in bytes behind it. */
export type Line = { text: string; end: number };

/** Lines of one file (or standard input) as they were read; `idle` when nothing more came for a moment. */
export type Piece = { file: string; lines: Line[]; isLast: boolean } | 'idle';

/** Longer lines are cut: a record may have 1 MiB. */
const maxLineBytes = 512 * 1024;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Cuts bytes into lines, whatever chunks they come in. */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);
  /** The offset of the first byte that is in no line yet. */
  offset: number;

  constructor(offset = 0) {
    this.offset = offset;
  }

  push(chunk: Buffer): Line[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const lines: Line[] = [];
    let from = 0;
    for (;;) {
      const at = bytes.indexOf(lineFeed, from);
      const to = at < 0 ? bytes.length : at;
      while (to - from > maxLineBytes) {
        const cut = characterBorder(bytes, from + maxLineBytes);
        lines.push(this.#line(bytes, from, cut, 0));
        from = cut;
      }
      if (at < 0) break;
      const end = bytes[at - 1] === carriageReturn && at > from ? at - 1 : at;
      lines.push(this.#line(bytes, from, end, at + 1 - end));
      from = at + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(from));
    return lines;
  }

  /** The last line, which has no line end. */
  end(): Line[] {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 ? [] : [this.#line(rest, 0, rest.length, 0)];
  }

  #line(bytes: Buffer, from: number, to: number, lineEndBytes: number): Line {
    this.offset += to - from + lineEndBytes;
    return { text: bytes.toString('utf8', from, to), end: this.offset };
  }
}

/** The last border between UTF-8 characters at or before `to`, of those within four bytes. */
function characterBorder(bytes: Buffer, to: number): number {
  for (let cut = to; cut > to - 4; cut--) if ((bytes[cut]! & 0xc0) !== 0x80) return cut;
  return to;
}
