import { AppError } from '../../core/errors.ts';
import { tooManyRecords } from './record-limit.ts';
import type { AcceptLimits } from './types.ts';

/** A field, and whether it stood in quotes: then it is text whatever it looks like. */
type Field = { text: string; quoted: boolean };

const maxNameChars = 200;
const maxColumns = 1000;

/**
 * Turns CSV (RFC 4180, the first row names the columns) into NDJSON: an object a row, with the columns as fields. Empty fields are left out; one
 * without quotes that is a number in its shortest spelling becomes a number. A row with more fields than columns has commas in its last one, as
 * user agents do. Blank lines are skipped.
 * @throws AppError INVALID_BODY for a quote that is not closed or columns without use, BODY_TOO_LARGE
 */
export function csvToNdjson(bytes: Uint8Array, limits: AcceptLimits): Uint8Array {
  const rows = new CsvRows(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  const header = rows.next();
  if (!header) return new Uint8Array(0);
  const names = header.map(({ text }, i) => JSON.stringify(columnName(text.trim(), i)));
  const objects: string[] = [];
  let chars = 0;
  for (let row = rows.next(); row; row = rows.next()) {
    if (objects.length === limits.records) throw tooManyRecords(limits);
    const object = objectOf(names, row);
    chars += object.length;
    if (chars > limits.decodedBytes) {
      throw new AppError('BODY_TOO_LARGE', `the rows are more than ${limits.decodedBytes} bytes of JSON; see limits.decodedBytes`);
    }
    objects.push(object);
  }
  return Buffer.from(objects.join(''));
}

function columnName(text: string, index: number): string {
  if (text.length > maxNameChars)
    throw new AppError('INVALID_BODY', `column ${index + 1} has a name of more than ${maxNameChars} characters`);
  return text === '' ? `column_${index + 1}` : text;
}

function objectOf(names: string[], row: Field[]): string {
  const members: string[] = [];
  for (let i = 0; i < Math.min(names.length, row.length); i++) {
    const rest = i === names.length - 1 && row.length > names.length;
    const { text, quoted } = rest ? { text: joined(row.slice(i)), quoted: true } : row[i]!;
    if (text !== '') members.push(`${names[i]}:${!quoted && isShortestNumber(text) ? text : JSON.stringify(text)}`);
  }
  return `{${members.join(',')}}\n`;
}

const joined = (fields: Field[]): string => fields.map(({ text }) => text).join(',');

const isShortestNumber = (text: string): boolean => /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) && String(Number(text)) === text;

/** The rows of a CSV text, one after the other. */
class CsvRows {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Field[] | undefined {
    this.#skipLineEnds();
    if (this.#at >= this.#text.length) return undefined;
    const row = [this.#field()];
    while (this.#text[this.#at] === ',') {
      if (row.length === maxColumns) throw new AppError('INVALID_BODY', `line ${this.#line}: more than ${maxColumns} fields in a row`);
      this.#at++;
      row.push(this.#field());
    }
    return row;
  }

  #skipLineEnds(): void {
    for (let c = this.#text[this.#at]; c === '\n' || c === '\r'; c = this.#text[++this.#at]) if (c === '\n') this.#line++;
  }

  /** A field, up to the comma or line end behind it. */
  #field(): Field {
    if (this.#text[this.#at] === '"') return { text: this.#quoted() + this.#bare(), quoted: true };
    return { text: this.#bare(), quoted: false };
  }

  #bare(): string {
    const from = this.#at;
    for (let c = this.#text[this.#at]; c !== undefined && c !== ',' && c !== '\n' && c !== '\r'; ) c = this.#text[++this.#at];
    return this.#text.slice(from, this.#at);
  }

  #quoted(): string {
    const line = this.#line;
    let text = '';
    for (let from = this.#at + 1; ; ) {
      const end = this.#text.indexOf('"', from);
      if (end < 0) throw new AppError('INVALID_BODY', `line ${line}: a quote is not closed; double the quotes inside a field`);
      const part = this.#text.slice(from, end);
      text += part;
      for (let feed = part.indexOf('\n'); feed >= 0; feed = part.indexOf('\n', feed + 1)) this.#line++;
      this.#at = end + 1;
      if (this.#text[this.#at] !== '"') return text;
      text += '"';
      from = this.#at + 1;
    }
  }
}
