import { lastWord } from '../../core/mask-settings.ts';
import { coverValue, type MaskJob, quote, skipBlank, stringEnd } from './mask-cover.ts';
import type { Act, Trigger } from './mask-scan.ts';
import { ascii, coverNamed, flags, type HowGiven } from './mask-text.ts';

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const isAlnum = flags(letters);
const isSeparator = flags('_-. ');
const isJoin = flags('_-.');
const isDigit = flags('0123456789');

/** A name without case and separators, as names are compared: `X-Api_Key` is `xapikey`. */
export const plainName = (name: string): string => name.toLowerCase().replace(/[_\-. ]/g, '');

/** Names shorter than this match only as a word of their own: `pwd` and `user_pwd`, not `cpwd`. */
const wordBelow = 5;

/** A name that ends like a secret's and is a program: `chpasswd: …` says what it did. */
const command = 'chpasswd';

type SecretName = { plain: string; codes: number[]; how: HowGiven };

/**
 * Makes the triggers that find secret names. A name is looked for by its last word, so that `api_key`, `apiKey` and `api-key` are one; it
 * matches at the end of a longer name too (`db_password`, `password2`). Write names with `_` where their words part.
 */
export function nameTriggers(names: readonly string[]): Trigger[] {
  const byWord = new Map<string, SecretName[]>();
  for (const name of names) {
    const word = lastWord(name);
    const plain = plainName(name);
    const secret = { plain, codes: [...Buffer.from(plain)], how: { wholeLine: plain.endsWith('cookie'), notPath: plain === 'pwd' } };
    byWord.set(word, [...(byWord.get(word) ?? []), secret]);
  }
  return [...byWord].map(([word, secrets]) => ({ text: word, anyCase: true, act: actOn(Buffer.byteLength(word), secrets) }));
}

/** Tells whether an attribute's key (its last dotted part, or all of it) is a secret's name. */
export function isSecretName(names: readonly string[], key: string): boolean {
  const bytes = Buffer.from(key.replace(/\d+$/, ''));
  return names.some((name) => {
    const plain = plainName(name);
    return endsWithName(bytes, bytes.length, { plain, codes: [...Buffer.from(plain)], how: { wholeLine: false, notPath: false } }) >= 0;
  });
}

const actOn =
  (wordLength: number, secrets: SecretName[]): Act =>
  (job, at) => {
    const { bytes } = job;
    const word = at + wordLength;
    let to = word;
    while (isDigit[bytes[to]!]) to++;
    const next = bytes[to]!;
    if (isAlnum[next] || next === 0x5f || next >= 0x80 || (isJoin[next] && isAlnum[bytes[to + 1]!])) return;
    for (const secret of secrets) {
      if (endsWithName(bytes, word, secret) < 0) continue;
      if (next === quote) coverKeyed(job, to);
      else if (ascii(bytes, at - 2, to) !== command) coverNamed(job, at, to, secret.how);
      return;
    }
  };

/** Where a name begins that ends at `end` and, case and separators aside, is this one; -1 when it is another. */
function endsWithName(bytes: Uint8Array, end: number, { plain, codes }: SecretName): number {
  let p = end;
  for (let i = codes.length - 1; i >= 0; i--) {
    p--;
    if (i < codes.length - 1) while (isSeparator[bytes[p]!]) p--;
    const c = bytes[p]!;
    if ((c >= 0x41 && c <= 0x5a ? c | 0x20 : c) !== codes[i]) return -1;
  }
  if (plain.length >= wordBelow || !isAlnum[bytes[p - 1]!]) return p;
  const startsUpper = bytes[p]! >= 0x41 && bytes[p]! <= 0x5a && bytes[p - 1]! >= 0x61;
  return startsUpper ? p : -1;
}

/**
 * The name ends its JSON string, whose quote stands at `at`. As a key, its value is covered. As a value, what follows it as `"value"` is: lists
 * of headers are written `{"name": "Authorization", "value": "…"}`.
 */
function coverKeyed(job: MaskJob, at: number): void {
  const { bytes } = job;
  let p = skipBlank(job, at + 1);
  if (bytes[p] === 0x3a) coverValue(job, 'name', p + 1);
  if (bytes[p] !== 0x2c) return;
  p = skipBlank(job, p + 1);
  if (bytes[p] !== quote) return;
  const end = stringEnd(bytes, p + 1);
  if (
    Buffer.from(bytes.subarray(p + 1, end))
      .toString()
      .toLowerCase() !== 'value'
  )
    return;
  p = skipBlank(job, end + 1);
  if (bytes[p] === 0x3a) coverValue(job, 'name', p + 1);
}
