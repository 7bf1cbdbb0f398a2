import { type Grade, readLevel, unspecified } from '../core/level.ts';
import { maxAheadUs } from '../core/normalise-context.ts';
import type { RecordDefaults } from '../core/ports/queue.ts';
import { fastTimeUsAt } from '../core/time.ts';
import type { AttributeColumns } from './attribute-columns.ts';
import { ByteCodes } from './byte-codes.ts';
import { maxAttributeColumns } from './columns.ts';
import type { GrowingBooleans, GrowingNumbers, GrowingText } from './growing.ts';
import { hashedTextEnd, lastHash, textEnd } from './json-text.ts';
import { falseWord, isLowerHexId, lastNumber, nullWord, numberEnd, skip, trueWord, wordEnd } from './json-values.ts';
import { isKeyAt, type LineKey, LineKeys, noKey, role } from './line-keys.ts';

/** Records of one request as they stand in its bytes, which are UTF-8: record i is the JSON value at `bytes[places[2 * i] .. places[2 * i + 1]]`. */
export type Lines = {
  bytes: Buffer;
  /** Of the same bytes, and of up to three behind them where the memory is there. */
  view: DataView;
  places: Uint32Array;
  tenant: string;
  generation: number;
  partition: number;
  observedUs: number;
  defaults: RecordDefaults;
};

/** The text columns that fields of the vocabulary go to. */
export type FieldColumns = { service: GrowingText; env: GrowingText; host: GrowingText };

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const maxLevels = 256;
const maxCells = maxAttributeColumns + 3;

/**
 * Reads records of the common shape from their bytes, without making objects or strings: the vocabulary's own names, flat attributes whose columns
 * are there, texts without escapes, plain numbers, times in the fast spelling. What it reads is what parsing and normalising would give; of anything
 * else, valid or not, it says that it cannot. Between `read` and the next it holds where the values stand.
 */
export class LineReader {
  timestamp = 0;
  grade: Grade = unspecified;
  /** Where texts begin, and the message ends; -1 where there is none. */
  messageFrom = -1;
  messageTo = -1;
  traceFrom = -1;
  spanFrom = -1;
  /** Bit r: there was a key of role r. */
  seen = 0;
  texts = 0;
  readonly textColumns: GrowingText[] = [];
  readonly textFrom = new Int32Array(maxCells);
  readonly textTo = new Int32Array(maxCells);
  readonly textHash = new Int32Array(maxCells);
  numbers = 0;
  readonly numberColumns: GrowingNumbers[] = [];
  readonly numberValues = new Float64Array(maxCells);
  booleans = 0;
  readonly booleanColumns: GrowingBooleans[] = [];
  readonly booleanValues = new Uint8Array(maxCells);
  readonly #fields: FieldColumns;
  readonly #top: LineKeys;
  readonly #inside: LineKeys;
  readonly #beforeTop = noKey();
  readonly #beforeInside = noKey();
  /** Levels as they are written, by their bytes; code 1 is the first of `grades`. */
  readonly #levels = new ByteCodes();
  readonly #grades: (Grade | undefined)[] = [];
  #line = 0;

  constructor(fields: FieldColumns, attributes: AttributeColumns) {
    this.#fields = fields;
    this.#top = new LineKeys(attributes, 'top');
    this.#inside = new LineKeys(attributes, 'inside');
  }

  /** Reads the record at `bytes[from .. to]`; false where it is not of the common shape. */
  read(lines: Lines, from: number, to: number): boolean {
    const { bytes, view } = lines;
    this.#line++;
    this.timestamp = lines.observedUs;
    this.grade = unspecified;
    this.messageFrom = this.messageTo = this.traceFrom = this.spanFrom = -1;
    this.seen = this.texts = this.numbers = this.booleans = 0;
    if (bytes[from] !== openBrace) return false;
    let at = skip(bytes, from + 1);
    let keys = this.#top;
    let before = this.#beforeTop;
    let outer: LineKey | undefined;
    for (;;) {
      // A key begins here.
      if (bytes[at] !== quote) return false;
      at++;
      let key = before.next;
      if (key === undefined || !isKeyAt(key, view, at)) {
        const end = hashedTextEnd(view, at);
        if (end < 0 || bytes[end] !== quote) return false;
        key = keys.find(bytes, view, at, end, lastHash);
        if (key === undefined) return false;
        before.next = key;
      }
      before = key;
      at += key.size;
      if (bytes[at] !== colon) {
        at = skip(bytes, at);
        if (bytes[at] !== colon) return false;
      }
      at = skip(bytes, at + 1);
      if (bytes[at] === openBrace) {
        if (key.role !== role.attributes || this.#isAgain(role.attributes)) return false;
        at = skip(bytes, at + 1);
        if (bytes[at] === closeBrace) at++;
        else {
          outer = before;
          before = this.#beforeInside;
          keys = this.#inside;
          continue;
        }
      } else {
        at = bytes[at] === quote ? this.#text(bytes, view, key, at + 1, lines) : this.#scalar(bytes, key, at);
        if (at < 0) return false;
      }
      // A value ended here.
      at = skip(bytes, at);
      if (bytes[at] === closeBrace && outer !== undefined) {
        before = outer;
        outer = undefined;
        keys = this.#top;
        at = skip(bytes, at + 1);
      }
      if (bytes[at] === comma) at = skip(bytes, at + 1);
      else break;
    }
    if (bytes[at] !== closeBrace || outer !== undefined || skip(bytes, at + 1) < to || at >= to) return false;
    return true;
  }

  /** Reads a text; returns the index behind it, or -1. */
  #text(bytes: Buffer, view: DataView, key: LineKey, from: number, { observedUs }: Lines): number {
    const end = key.role === role.message ? textEnd(view, from) : hashedTextEnd(view, from);
    if (end < 0 || bytes[end] !== quote) return -1;
    switch (key.role) {
      case role.attribute: {
        const { columns } = key;
        if (columns!.text === undefined || columns!.line === this.#line) return -1;
        columns!.line = this.#line;
        return this.#putText(columns!.text, from, end);
      }
      case role.message:
        if (this.#isAgain(role.message)) return -1;
        this.messageFrom = from;
        this.messageTo = end;
        return end + 1;
      case role.timestamp:
        this.timestamp = fastTimeUsAt(bytes, from, end);
        return this.#isAgain(role.timestamp) || !(this.timestamp <= observedUs + maxAheadUs) ? -1 : end + 1;
      case role.level:
        return this.#isAgain(role.level) || !this.#readGrade(bytes, view, from, end) ? -1 : end + 1;
      case role.service:
        return this.#isAgain(role.service) || end === from ? -1 : this.#putText(this.#fields.service, from, end);
      case role.env:
        return this.#isAgain(role.env) || end === from ? -1 : this.#putText(this.#fields.env, from, end);
      case role.host:
        return this.#isAgain(role.host) || end === from ? -1 : this.#putText(this.#fields.host, from, end);
      case role.traceId:
        if (this.#isAgain(role.traceId) || !isLowerHexId(bytes, from, end, 32)) return -1;
        this.traceFrom = from;
        return end + 1;
      case role.spanId:
        if (this.#isAgain(role.spanId) || !isLowerHexId(bytes, from, end, 16)) return -1;
        this.spanFrom = from;
        return end + 1;
      default:
        return -1;
    }
  }

  #putText(column: GrowingText, from: number, end: number): number {
    const i = this.texts++;
    this.textColumns[i] = column;
    this.textFrom[i] = from;
    this.textTo[i] = end;
    this.textHash[i] = lastHash;
    return end + 1;
  }

  /** Reads a number, boolean or null of an attribute; returns the index behind it, or -1. */
  #scalar(bytes: Buffer, { role: kind, columns }: LineKey, at: number): number {
    if (kind !== role.attribute || columns!.line === this.#line) return -1;
    columns!.line = this.#line;
    const isTrue = bytes[at] === 0x74;
    if (isTrue || bytes[at] === 0x66) {
      if (columns!.boolean === undefined) return -1;
      const end = isTrue ? wordEnd(bytes, at, trueWord) : wordEnd(bytes, at, falseWord);
      this.booleanColumns[this.booleans] = columns!.boolean;
      this.booleanValues[this.booleans++] = isTrue ? 2 : 1;
      return end;
    }
    if (bytes[at] === 0x6e) return wordEnd(bytes, at, nullWord);
    if (columns!.number === undefined) return -1;
    const end = numberEnd(bytes, at);
    this.numberColumns[this.numbers] = columns!.number;
    this.numberValues[this.numbers++] = lastNumber;
    return end;
  }

  /** Whether there was a key of this role before; remembers it. */
  #isAgain(kind: number): boolean {
    const bit = 1 << kind;
    if ((this.seen & bit) !== 0) return true;
    this.seen |= bit;
    return false;
  }

  #readGrade(bytes: Buffer, view: DataView, from: number, end: number): boolean {
    const hash = lastHash;
    let code = this.#levels.codeOf(view, from, end - from, hash);
    if (code === 0) {
      if (this.#grades.length === maxLevels) return false;
      code = this.#grades.push(readLevel(bytes.toString('utf8', from, end)));
      this.#levels.add(view, from, end - from, hash, code);
    }
    const grade = this.#grades[code - 1];
    if (grade === undefined) return false;
    this.grade = grade;
    return true;
  }
}
