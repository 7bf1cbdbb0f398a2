import { hashToken } from './hash.ts';

/** Classes of bytes in the index of `message`: 1 an ASCII letter, 2 a digit, 0 everything else, what is outside ASCII included. */
export const byteClass: Uint8Array = new Uint8Array(256);
byteClass.fill(1, 0x41, 0x5b).fill(1, 0x61, 0x7b).fill(2, 0x30, 0x3a);

/**
 * What every message that holds some text must satisfy. `word`: a word of the index that holds these lower-case bytes, at its start where `left`, at
 * its end where `right`. `token`: a key of the filter.
 */
export type TextTerm = { kind: 'word'; bytes: Buffer; left: boolean; right: boolean } | { kind: 'token'; hash: number };

/** Letters outside ASCII that are ASCII letters when case is ignored: no text that holds one prunes anything. */
export const foldsIntoAscii = /[\u0130\u017f\u212a]/;

/**
 * Finds what the index must hold for a message to contain `text`, case ignored or not: necessary, never sufficient.
 * `leftEdge` and `rightEdge` tell that in a match no ASCII letter or digit stands right before or behind the text, as is so for a whole token.
 */
export function textTerms(text: string, leftEdge: boolean, rightEdge: boolean): TextTerm[] {
  if (foldsIntoAscii.test(text)) return [];
  const bytes = Buffer.from(text);
  const terms: TextTerm[] = [];
  let i = 0;
  while (i < bytes.length) {
    if (byteClass[bytes[i]!] === 0) {
      i++;
      continue;
    }
    let end = i;
    let digits = false;
    while (end < bytes.length && byteClass[bytes[end]!] !== 0) digits = byteClass[bytes[end++]!] === 2 || digits;
    const left = i > 0 || leftEdge;
    const right = end < bytes.length || rightEdge;
    if (digits && left && right) terms.push({ kind: 'token', hash: hashToken(bytes, i, end) });
    addWords(terms, bytes, i, end, left, right);
    i = end;
  }
  return terms;
}

function addWords(terms: TextTerm[], bytes: Buffer, from: number, to: number, left: boolean, right: boolean) {
  let i = from;
  while (i < to) {
    if (byteClass[bytes[i]!] !== 1) {
      i++;
      continue;
    }
    let end = i;
    while (end < to && byteClass[bytes[end]!] === 1) end++;
    const word = Buffer.from(bytes.subarray(i, end)).map((byte) => byte | 32) as Buffer;
    terms.push({ kind: 'word', bytes: word, left: i > from || left, right: end < to || right });
    i = end;
  }
}
