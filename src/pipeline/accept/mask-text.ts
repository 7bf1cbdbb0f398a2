import { afterEscape, backslash, backslashes, coverJson, coverText, lineFeed, type MaskJob, quote, stringEnd } from './mask-cover.ts';

const space = 0x20;
const apostrophe = 0x27;
const equals = 0x3d;
const colon = 0x3a;
const greater = 0x3e;
const less = 0x3c;

/** What ends a value that has no quotes around it. A backslash is looked at on its own. */
const endsBareValue = flags(' \t\n\r"\'`,;&()[]{}<>');
const isDigit = flags('0123456789');

/** Words of an Authorization header that stand before the secret; those that `takesRest` holds go on to the end of the line. */
const schemes = new Set(['bearer', 'basic', 'token', 'apikey', 'negotiate', 'ntlm', 'digest', 'aws4-hmac-sha256']);
const takesRest = new Set(['digest', 'aws4-hmac-sha256']);
/** Words that stand for no value at all and are worth reading. */
const notValues = new Set(['null', 'none', 'nil', 'undefined', 'true', 'false']);

/** What a name is given in a text: `wholeLine`, with spaces and semicolons (a Cookie header); `notPath`, no secret where it is a path (`PWD=/home`). */
export type HowGiven = { wholeLine: boolean; notPath: boolean };

/**
 * Covers what a name inside a text is given: `name=…`, `name: …`, `name => …`, `"name":"…"` with its quotes escaped to any depth, `--name …`,
 * `<name>…</name>`. `name` is one of the name's bytes, `to` its end.
 */
export function coverNamed(job: MaskJob, name: number, to: number, how: HowGiven): void {
  const { bytes } = job;
  if (bytes[to] === greater && isTag(bytes, nameStart(bytes, name))) {
    coverUntil(job, to + 1, less);
    return;
  }
  const named = afterClosing(bytes, to);
  const spaced = skipSpaces(bytes, named);
  const delimiter = afterDelimiter(bytes, spaced);
  const isOption = delimiter < 0 && spaced > to && isOptionName(bytes, nameStart(bytes, name));
  if (delimiter < 0 && !isOption) return;
  const at = delimiter < 0 ? spaced : skipSpaces(bytes, delimiter);
  if (!(how.notPath && bytes[at] === 0x2f)) coverTextValue(job, at, { wholeLine: how.wholeLine, json: named > to });
}

function coverTextValue(job: MaskJob, at: number, { wholeLine, json }: { wholeLine: boolean; json: boolean }): void {
  const { bytes } = job;
  const run = backslashes(bytes, at);
  const start = at + run + 1;
  const c = bytes[at];
  const isBracket = c === 0x7b || c === 0x5b;
  const bracket = isBracket ? textBracketEnd(job, at) : -1;
  if (bytes[at + run] === quote) {
    if (run % 2 === 1) coverText(job, 'name', start, quotedEnd(bytes, start, levelOf(run)));
  } else if (c === apostrophe || c === 0x60) coverUntil(job, start, c);
  else if (bracket > at + 2) coverJson(job, 'name', at, bracket);
  else if (bracket > 0) return;
  else if (isBracket && job.ahead > 2 * bytes.length) coverText(job, 'name', at, stringEnd(bytes, at));
  else if (wholeLine) coverText(job, 'name', at, lineOfText(bytes, at));
  else coverBare(job, at, json);
}

/** Covers a value without quotes; a leading scheme word (`Bearer`) stays and what follows it goes. */
function coverBare(job: MaskJob, from: number, json: boolean): void {
  const { bytes } = job;
  const to = bareEnd(bytes, from);
  const word = to - from <= 16 ? ascii(bytes, from, to).toLowerCase() : '';
  const next = skipSpaces(bytes, to);
  const end = takesRest.has(word) ? lineOfText(bytes, next) : bareEnd(bytes, next);
  let digits = from;
  while (isDigit[bytes[digits]!]) digits++;
  if (schemes.has(word) && next > to && end > next) coverText(job, 'name', next, end);
  else if (to === from || notValues.has(word)) return;
  else if (json && digits === to) coverJson(job, 'name', from, to);
  else coverText(job, 'name', from, to);
}

/** Where a run of text that has a closing character, or its whole string, ends: covers up to it. */
function coverUntil(job: MaskJob, from: number, closing: number): void {
  const { bytes } = job;
  let p = from;
  while (p < bytes.length && bytes[p] !== closing && bytes[p] !== quote && bytes[p] !== lineFeed)
    p = bytes[p] === backslash ? afterEscape(bytes, p) : p + 1;
  coverText(job, 'name', from, Math.min(p, bytes.length));
}

/** Behind the quote or bracket that closes a name: `\"`, `'`, `']`, `]`; the same place when there is none. */
function afterClosing(bytes: Uint8Array, at: number): number {
  const run = backslashes(bytes, at);
  let p = at;
  if (run % 2 === 1 && bytes[at + run] === quote) p = at + run + 1;
  else if (bytes[at] === apostrophe) p = at + 1;
  return bytes[p] === 0x5d ? p + 1 : p;
}

/** Behind `=`, `:`, `:=`, `=>` or `==`; -1 where none of them stands. `::` is a name going on. */
function afterDelimiter(bytes: Uint8Array, at: number): number {
  const c = bytes[at];
  const next = bytes[at + 1];
  if (c === equals) return next === greater || next === equals ? at + 2 : at + 1;
  if (c !== colon || next === colon) return -1;
  return next === equals ? at + 2 : at + 1;
}

const isJoined = flags('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.');
/** A name is not looked at further back than this. */
const maxNameBytes = 64;

/** The first byte of the name that `at` is in: letters, digits and what joins them. */
function nameStart(bytes: Uint8Array, at: number): number {
  let p = at;
  while (p > at - maxNameBytes && isJoined[bytes[p - 1]!]) p--;
  return p;
}

/** `--name`, from its first byte. */
const isOptionName = (bytes: Uint8Array, from: number): boolean => bytes[from] === 0x2d && bytes[from + 1] === 0x2d;

/** `<name>` or `<prefix:name>`, from the name's first byte. */
const isTag = (bytes: Uint8Array, from: number): boolean => bytes[from - 1] === less || bytes[from - 1] === colon;

/**
 * Where a quoted text ends that was opened at this level of escaping (1: `\"`, 2: `\\\"`): at the backslashes of its closing quote, at a quote of an
 * outer level, or at the end of the JSON string.
 */
function quotedEnd(bytes: Uint8Array, at: number, level: number): number {
  let p = at;
  while (p < bytes.length) {
    const c = bytes[p];
    if (c === quote || c === lineFeed) return p;
    if (c !== backslash) {
      p++;
      continue;
    }
    const run = backslashes(bytes, p);
    const behind = p + run;
    if (bytes[behind] === quote) {
      const own = ownBackslashes(run, level);
      if (own >= 0) return behind - own;
    }
    p = run % 2 === 0 ? behind : afterEscape(bytes, behind - 1);
  }
  return bytes.length;
}

/**
 * Of a run of backslashes before a quote, how many belong to the quote that closes a text of this level or an outer one; -1 when the quote
 * is part of the text. Each level of JSON doubles backslashes and adds one before a quote.
 */
function ownBackslashes(run: number, level: number): number {
  let rest = run;
  let own = 0;
  for (let l = 0; rest % 2 === 1; l++) {
    if (l === level) return -1;
    rest = (rest - 1) / 2;
    own = own * 2 + 1;
  }
  return own;
}

const levelOf = (run: number): number => Math.floor(Math.log2(run + 1));

/** Behind the bracket that closes the one at `at`, quoted texts skipped; -1 where the string ends first. */
function textBracketEnd(job: MaskJob, at: number): number {
  const { bytes } = job;
  let depth = 0;
  let p = at;
  while (p < bytes.length) {
    const c = bytes[p]!;
    if (c === quote || c === lineFeed) break;
    if (c === 0x7b || c === 0x5b) depth++;
    if ((c === 0x7d || c === 0x5d) && --depth === 0) return p + 1;
    if (c !== backslash) {
      p++;
      continue;
    }
    const run = backslashes(bytes, p);
    if (run % 2 === 1 && bytes[p + run] === quote) {
      const end = quotedEnd(bytes, p + run + 1, levelOf(run));
      if (bytes[end] !== backslash) break;
      p = end + backslashes(bytes, end) + 1;
    } else p = run % 2 === 0 ? p + run : afterEscape(bytes, p + run - 1);
  }
  job.ahead += p - at;
  return -1;
}

/** Where a value without quotes ends: white space, a quote, a separator, an escaped control character. */
export function bareEnd(bytes: Uint8Array, at: number): number {
  let p = at;
  while (p < bytes.length && !endsBareValue[bytes[p]!]) {
    if (bytes[p] !== backslash) {
      p++;
      continue;
    }
    const run = backslashes(bytes, p);
    const behind = p + run;
    if (bytes[behind] === quote || bytes[behind] === apostrophe) return p;
    if (run % 2 === 0) p = behind;
    else if ('nrtbf'.includes(String.fromCharCode(bytes[behind]!))) return behind - 1;
    else p = afterEscape(bytes, behind - 1);
  }
  return Math.min(p, bytes.length);
}

/** Where the line of text ends that `at` stands in: an escaped line break, a quote at any level, the end of the string. */
function lineOfText(bytes: Uint8Array, at: number): number {
  let p = at;
  while (p < bytes.length && bytes[p] !== quote && bytes[p] !== lineFeed) {
    if (bytes[p] !== backslash) {
      p++;
      continue;
    }
    const run = backslashes(bytes, p);
    const behind = p + run;
    if (bytes[behind] === quote) return p;
    if (run % 2 === 0) p = behind;
    else if (bytes[behind] === 0x6e || bytes[behind] === 0x72) return behind - 1;
    else p = afterEscape(bytes, behind - 1);
  }
  return Math.min(p, bytes.length);
}

function skipSpaces(bytes: Uint8Array, at: number): number {
  let p = at;
  while (bytes[p] === space || (bytes[p] === backslash && bytes[p + 1] === 0x74 && bytes[p - 1] !== backslash))
    p += bytes[p] === space ? 1 : 2;
  return p;
}

export function ascii(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

/** A table over bytes: 1 for those of the text. */
export function flags(text: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const c of text) table[c.charCodeAt(0)] = 1;
  return table;
}
