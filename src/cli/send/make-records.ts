import { hostname } from 'node:os';
import { LineJoiner } from '../../core/multiline.ts';
import type { Line, Piece } from './lines.ts';
import { standardInput } from './read-files.ts';

/** A record as it is sent, and the place behind the last line it was made of. */
export type Item = { json: string; file: string; end: number };

/**
 * Makes records of the lines of one file: a line that is a JSON object is one as it stands; other lines become messages, those of a stack trace
 * together with the line they belong to. Blank lines are none.
 */
export class RecordMaker {
  readonly #file: string;
  readonly #joiner = new LineJoiner();
  /** Ends of the lines that the joiner still has. */
  readonly #ends: number[] = [];
  readonly #more: Record<string, unknown>;

  constructor(file: string) {
    this.#file = file;
    this.#more = { host: hostname(), ...(file === standardInput ? {} : { attributes: { 'log.file.path': file } }) };
  }

  push(lines: Line[]): Item[] {
    const items: Item[] = [];
    for (const { text, end } of lines) {
      if (isJsonObject(text)) {
        items.push(...this.flush(), { json: text, file: this.#file, end });
        continue;
      }
      this.#ends.push(end);
      this.#take(this.#joiner.push(text), items);
    }
    return items;
  }

  /** What was kept back, since it might have gone on. */
  flush(): Item[] {
    const items: Item[] = [];
    this.#take(this.#joiner.flush(), items);
    return items;
  }

  #take(records: string[], items: Item[]): void {
    for (const message of records) {
      const end = this.#ends.splice(0, lineCount(message)).at(-1)!;
      if (message.trim() !== '') items.push({ json: JSON.stringify({ message, ...this.#more }), file: this.#file, end });
    }
  }
}

/** Makes records of pieces of several files; `idle` flushes what was kept back. */
export function recordsOfPieces(): (piece: Piece) => Item[] {
  const makers = new Map<string, RecordMaker>();
  return (piece) => {
    if (piece === 'idle') return [...makers.values()].flatMap((maker) => maker.flush());
    const maker = makers.get(piece.file) ?? new RecordMaker(piece.file);
    makers.set(piece.file, maker);
    const items = maker.push(piece.lines);
    return piece.isLast ? [...items, ...maker.flush()] : items;
  };
}

function lineCount(text: string): number {
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

function isJsonObject(text: string): boolean {
  if (!/^\s*\{/.test(text) || !/\}\s*$/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
