import { formOf } from './auto-parse.ts';

/** Whether a record with the message at `bytes[from .. to]`, UTF-8 and of one line, surely passes `process` as it is. */
export type PlainTest = (bytes: Buffer, from: number, to: number) => boolean;

/** Longest first word that `formOf` looks at; what it looks at beyond a shorter one is within so many characters. */
const maxWord = 256;
const fixedHead = 14;
/** Holds what `formOf` looks at, whatever the letters. */
const headBytes = 4 * (maxWord + 3);

const space = 0x20;
const quote = 0x22;
const dash = 0x2d;
const colon = 0x3a;
const lessThan = 0x3c;
const equals = 0x3d;
const openBrace = 0x7b;

/** Whether `autoParse` surely leaves a message of one line alone: `formOf` over bytes. */
export function isPlain(bytes: Buffer, from: number, to: number): boolean {
  const first = bytes[from]!;
  if (from === to) return true;
  if (first === openBrace || first === lessThan) return false;
  const wordEnd = Math.min(to, from + maxWord);
  let at = from;
  while (at < wordEnd && bytes[at]! > space && bytes[at] !== equals && bytes[at] !== quote && bytes[at]! < 0x80) at++;
  // Characters are bytes no more: they are counted in the text.
  const head = Math.min(to, Math.max(at + 1, from + fixedHead));
  for (let i = at; i < head; i++)
    if (bytes[i]! >= 0x80) return formOf(bytes.toString('utf8', from, Math.min(to, from + headBytes))) === undefined;
  if (at === from || at === to) return true;
  if (bytes[at] === equals) return false;
  if (bytes[at] !== space) return true;
  if (at + 2 < to && bytes[at + 2] === space && bytes[at + 1] === dash) return false;
  if (at - from === 3 && from + 12 < to && bytes[from + 9] === colon && bytes[from + 12] === colon) return false;
  return from + 13 >= to || bytes[from + 4] !== dash || bytes[from + 13] !== colon;
}
