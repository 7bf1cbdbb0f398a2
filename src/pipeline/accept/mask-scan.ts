import type { MaskJob } from './mask-cover.ts';

/** Looks at what stands at a trigger and covers what is secret there. `at` is the trigger's first byte. */
export type Act = (job: MaskJob, at: number) => void;

/** A literal that announces a secret, at least 3 ASCII characters (or 1 that is no letter). `anyCase` folds its letters. */
export type Trigger = {
  text: string;
  anyCase: boolean;
  act: Act;
  /** Without this character in the text, it announces nothing. */
  needs?: string;
};

type Candidate = { codes: number[]; folds: number[]; offset: number; act: Act; needs: string | undefined };

/**
 * Finds triggers by looking at one pair of bytes in two: whatever a trigger's place, one of its pairs stands at an even offset. For both
 * parities of its place the rarest pair is flagged in a table of all pairs, so that the loop is four loads for eight bytes.
 * `flags`: the number of the pair's bucket of candidates, 0 for none; plus 128 for two digits, or a digit and its separator.
 */
export type Scanner = { flags: Uint8Array; buckets: Candidate[][]; digits: Act | undefined };

const bucketBits = 0x7f;
const digitBit = 0x80;

/** Builds a scanner of triggers; `digits` acts on what may be a number of 13 or more digits, also one written in groups. */
export function buildScanner(triggers: readonly Trigger[], digits: Act | undefined): Scanner {
  const flags = new Uint8Array(65_536);
  const buckets: Candidate[][] = [[]];
  const bucketOf = new Map<string, number>();
  for (const trigger of triggers) {
    for (const [offset, first, second] of flaggedPairs(trigger.text)) {
      const added = candidate(trigger, offset);
      const name = trigger.text.length === 1 ? `${trigger.text}${offset}` : (first + second).toLowerCase();
      // Candidates are compared whole, so that those that find no bucket of their own may share the last.
      const bucket = bucketOf.get(name) ?? Math.min(bucketOf.size + 1, bucketBits);
      bucketOf.set(name, bucket);
      for (const a of spellings(first, trigger.anyCase)) {
        for (const b of spellings(second, trigger.anyCase)) {
          const pair = pairOf(a, b);
          flags[pair] ||= bucket;
          buckets[flags[pair]!] ??= [];
          const inBucket = buckets[flags[pair]!]!;
          if (!inBucket.some((c) => c.act === added.act && c.offset === offset)) inBucket.push(added);
        }
      }
    }
  }
  if (digits) for (const pair of digitPairs()) flags[pair]! |= digitBit;
  return { flags, buckets, digits };
}

/** Runs every trigger's act on the job's bytes, from front to back; stops early when an act sets `job.restart`. */
export function scan({ flags, buckets, digits }: Scanner, job: MaskJob): void {
  const { bytes } = job;
  const skip = bytes.byteOffset & 1;
  const pairs = new Uint16Array(bytes.buffer, bytes.byteOffset + skip, Math.max(0, bytes.length - skip) >> 1);
  const look = (index: number, flag: number) => {
    const at = skip + 2 * index;
    for (const { codes, folds, offset, act } of buckets[flag & bucketBits]!) {
      if (matches(bytes, at - offset, codes, folds)) act(job, at - offset);
    }
  };

  const whole = pairs.length & ~3;
  for (let i = nextFlagged(flags, pairs, 0, whole); i < whole; i = nextFlagged(flags, pairs, i + 4, whole)) {
    const a = flags[pairs[i]!]!;
    const b = flags[pairs[i + 1]!]!;
    const c = flags[pairs[i + 2]!]!;
    const d = flags[pairs[i + 3]!]!;
    if (a & b & c & digitBit) digits!(job, skip + 2 * i);
    if (a & bucketBits) look(i, a);
    if (b & bucketBits) look(i + 1, b);
    if (c & bucketBits) look(i + 2, c);
    if (d & bucketBits) look(i + 3, d);
    if (job.restart) return;
  }
  for (let i = whole; i < pairs.length; i++) {
    if (flags[pairs[i]!]! & bucketBits) look(i, flags[pairs[i]!]!);
  }
}

const scratch = Buffer.alloc(64 * 1024);
const scratchPairs = new Uint16Array(scratch.buffer, scratch.byteOffset, scratch.length >> 1);

/**
 * Whether a text holds a trigger (where that needs a character besides, that too) or perhaps a long number: only then is it worth a scan. Of
 * characters that are no byte the lower half is looked at, so it may say yes too often, as it does of very long texts.
 */
export function isSuspicious({ flags, buckets }: Scanner, text: string): boolean {
  if (text.length > scratch.length - 8) return true;
  const length = scratch.write(text, 'latin1');
  for (let i = length; i < length + 8; i++) scratch[i] = 0;
  const end = ((length + 7) >> 3) << 2;
  for (let i = nextFlagged(flags, scratchPairs, 0, end); i < end; i = nextFlagged(flags, scratchPairs, i + 4, end)) {
    const isNumber = flags[scratchPairs[i]!]! & flags[scratchPairs[i + 1]!]! & flags[scratchPairs[i + 2]!]! & digitBit;
    if (isNumber && digitsAround(scratch, 2 * i) >= 13) return true;
    for (let j = i; j < i + 4; j++) {
      for (const { codes, folds, offset, needs } of buckets[flags[scratchPairs[j]!]! & bucketBits]!) {
        if (matches(scratch, 2 * j - offset, codes, folds) && (needs === undefined || text.includes(needs))) return true;
      }
    }
  }
  return false;
}

/** How many digits the run of digits, spaces and dashes has that `at` stands in. */
function digitsAround(bytes: Uint8Array, at: number): number {
  let from = at;
  while (from > 0 && isNumeric(bytes[from - 1]!)) from--;
  let digits = 0;
  for (let p = from; isNumeric(bytes[p]!); p++) if (bytes[p]! >= 0x30) digits++;
  return digits;
}

const isNumeric = (c: number): boolean => (c >= 0x30 && c <= 0x39) || c === 0x20 || c === 0x2d;

/** The next four pairs from `from` on that hold a flagged one, or that may be within a long number; `to` when there are none. */
function nextFlagged(flags: Uint8Array, pairs: Uint16Array, from: number, to: number): number {
  for (let i = from; i < to; i += 4) {
    const a = flags[pairs[i]!]!;
    const b = flags[pairs[i + 1]!]!;
    const c = flags[pairs[i + 2]!]!;
    // Of 13 bytes, those from the first offset divisible by 8 on are at least 6.
    if ((((a | b | c | flags[pairs[i + 3]!]!) & bucketBits) | (a & b & c & digitBit)) !== 0) return i;
  }
  return to;
}

function matches(bytes: Uint8Array, at: number, codes: number[], folds: number[]): boolean {
  for (let i = 0; i < codes.length; i++) if ((bytes[at + i]! | folds[i]!) !== codes[i]) return false;
  return true;
}

function candidate({ text, anyCase, act, needs }: Trigger, offset: number): Candidate {
  const spelt = anyCase ? text.toLowerCase() : text;
  const folds = [...spelt].map((c) => (anyCase && /[a-z]/.test(c) ? 0x20 : 0));
  return { codes: [...spelt].map((c) => c.charCodeAt(0)), folds, offset, act, needs };
}

/** The rarest pair at an even and the rarest at an odd offset of the text; for a single character, it with any neighbour. */
function flaggedPairs(text: string): [offset: number, first: string, second: string][] {
  if (text.length === 1) {
    const others = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
    return others.flatMap((other): [number, string, string][] => [
      [0, text, other],
      [-1, other, text],
    ]);
  }
  return [0, 1].map((parity): [number, string, string] => {
    let best = -1;
    for (let o = parity; o + 1 < text.length; o += 2) if (best < 0 || commonness(text, o) < commonness(text, best)) best = o;
    if (best < 0) throw new RangeError(`"${text}" is too short to look for: give at least 3 characters`);
    return [best, text[best]!, text[best + 1]!];
  });
}

/** Pairs of characters that are frequent in logs, most frequent first: triggers are not found by these where they have others. */
const commonPairs =
  'er es ge en st at te se ro le nt me on ta et ti re co ag in tt tr ic ss pr eb ho th ht we og od fo ka mp us li ri la om ut el im os lo ve pa io ' +
  'rv ac ib nf ch vi tp bu af nd ra id ke ev ll nv r_ ns as cl ec de ea or pl ad ie fk sh ip fr ng ms il it by ep t_ ma tu ef nc ol po mo ok cy ww yt gs br oc ' +
  'an to tm ts ed fa oz pp ml do zi rr em ck ca mi ow ko is oo ba su um wi up ap :/ // _i _a _m _u e_ n_ y_ d_ pi hr gi ';

function commonness(text: string, at: number): number {
  const place = commonPairs.indexOf(`${text.slice(at, at + 2).toLowerCase()} `);
  return place < 0 ? 0 : commonPairs.length - place;
}

const spellings = (c: string, anyCase: boolean): number[] =>
  (anyCase ? [...new Set([c.toLowerCase(), c.toUpperCase()])] : [c]).map((s) => s.charCodeAt(0));

function digitPairs(): number[] {
  const digits = [...'0123456789'].map((c) => c.charCodeAt(0));
  const separators = [...' -'].map((c) => c.charCodeAt(0));
  const beside = digits.flatMap((d) => separators.flatMap((s) => [pairOf(d, s), pairOf(s, d)]));
  return [...digits.flatMap((a) => digits.map((b) => pairOf(a, b))), ...beside];
}

/** Two bytes as the machine reads them in one. */
function pairOf(first: number, second: number): number {
  return new Uint16Array(Uint8Array.of(first, second).buffer)[0]!;
}
