import { type Scanned, scanJson, skipBlank } from './json-scan.ts';
import { strictTimeNames } from './record-aliases.ts';
import { isFastTime } from './time.ts';

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** What can be told of a record from its bytes. `end` is behind it; `sure` when `check` surely has no objection, else it must be asked. */
export type RecordScan = Scanned & { sure: boolean };

export const newRecordScan = (): RecordScan => ({ depth: 0, watched: false, sure: false });

/**
 * Goes over the record that begins at `at` (no white space before it); returns the index behind it, or `-1 - place` where it is no JSON. This is
 * how accept sees that a record will do without parsing it: JSON is well-formed, it is an object with something in it, and its times are in the
 * common spelling.
 */
export function scanRecord(bytes: Uint8Array, at: number, to: number, scan: RecordScan): number {
  const end = scanJson(bytes, at, to, scan, isUnsure);
  scan.sure = end > 0 && !scan.watched && bytes[at] === openBrace && bytes[skipBlank(bytes, at + 1, end)] !== closeBrace;
  return end;
}

/** Whether a member may be a time that is none: a strict name of one (or one that may be spelt with escapes), unless its value is plainly a time. */
function isUnsure(bytes: Uint8Array, from: number, to: number, at: number): boolean {
  if (mayBegin[bytes[from]!] !== 1 || !isTimeName(bytes, from, to)) return false;
  if (bytes[at] !== quote) return true;
  for (const length of fastLengths) if (bytes[at + 1 + length] === quote) return !isFastTime(bytes, at + 1, at + 1 + length);
  return true;
}

const fastLengths = [24, 27, 20] as const;
const timeNames = strictTimeNames.map((name) => Uint8Array.from(name, (letter) => letter.charCodeAt(0)));
const mayBegin = new Uint8Array(256);
for (const name of timeNames) mayBegin[name[0]!] = 1;
mayBegin[backslash] = 1;

function isTimeName(bytes: Uint8Array, from: number, to: number): boolean {
  for (const name of timeNames) if (name.length === to - from && same(bytes, from, name)) return true;
  for (let i = from; i < to; i++) if (bytes[i] === backslash) return true;
  return false;
}

function same(bytes: Uint8Array, from: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name[i]) return false;
  return true;
}
