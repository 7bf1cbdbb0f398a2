import { AppError } from './errors.ts';

/** Longest text a pattern written by a user is tried on, in UTF-16 units; a longer one counts as not matching. */
export const maxPatternText = 16 * 1024;

const maxPatternLength = 4_000;
/** In how many ways a counted group may divide its text; `(\d{1,3}\.){3}` has 27. */
const maxWays = 10_000;

type Group = {
  /** In how many ways one pass can match, as far as counted repetition and alternatives tell. */
  ways: number;
  hasUnbounded: boolean;
};

type Quantifier = { max: number; ways: number; length: number };

/**
 * Compiles a regular expression that a user wrote, without flags. Refuses what can take exponential time or what a linear-time engine cannot
 * run: repetition of what repeats or has alternatives, back-references, look-around.
 * @throws AppError INVALID_CONFIG that quotes the part
 */
export function safePattern(source: string): RegExp {
  const refuse = (why: string): never => {
    throw new AppError('INVALID_CONFIG', `the pattern ${JSON.stringify(source.slice(0, 200))} ${why}`);
  };
  if (source.length > maxPatternLength) refuse(`is longer than ${maxPatternLength} characters`);
  const fault = faultOf(source);
  if (fault) refuse(fault);
  try {
    return new RegExp(source);
  } catch (cause) {
    return refuse(`is no regular expression: ${(cause as Error).message}`);
  }
}

function faultOf(source: string): string | undefined {
  const open: Group[] = [{ ways: 1, hasUnbounded: false }];
  let at = 0;
  while (at < source.length) {
    const char = source[at]!;
    if (char === '(') {
      const lookaround = /^\(\?<?[=!]/.exec(source.slice(at, at + 4));
      if (lookaround) return `looks around (${lookaround[0]}): write what is to match instead`;
      open.push({ ways: 1, hasUnbounded: false });
      at += groupHead(source, at);
      continue;
    }
    if (char === '|') {
      open.at(-1)!.ways++;
      at++;
      continue;
    }
    let closed: Group | undefined;
    if (char === ')') {
      closed = open.pop();
      if (open.length === 0) return 'closes a group that was not opened';
      at++;
    } else {
      if (/^\\(?:[1-9]|k<)/.test(source.slice(at, at + 3))) return 'refers back to a group: it cannot run in bounded time';
      at += atomLength(source, at);
    }
    const quantifier = quantifierAt(source, at);
    const fault = join(open.at(-1)!, closed, quantifier);
    if (fault) return fault;
    at += quantifier.length;
  }
  return open.length > 1 ? 'leaves a group open' : undefined;
}

/** Adds an atom or a closed group, as often as it repeats, to the group around it. */
function join(around: Group, closed: Group | undefined, { max, ways, length }: Quantifier): string | undefined {
  if (closed && max > 1) {
    if (closed.hasUnbounded || (closed.ways > 1 && max === Infinity)) {
      return 'repeats a group that itself repeats or has alternatives: write a class like [a-z ]* or repeat only the inner part';
    }
    if (closed.ways ** max > maxWays) return 'repeats a group in too many ways: lower the counts or use fewer alternatives';
  }
  if (closed) around.ways *= max === Infinity ? closed.ways : closed.ways ** max;
  around.hasUnbounded ||= max === Infinity || (closed?.hasUnbounded ?? false);
  if (max !== Infinity && length > 0) around.ways *= ways;
  return undefined;
}

function groupHead(source: string, at: number): number {
  return /^\((?:\?(?::|<[A-Za-z_$][\w$]*>))?/.exec(source.slice(at, at + 100))![0].length;
}

/** Length of an escape, a class or a plain character. */
function atomLength(source: string, at: number): number {
  if (source[at] === '\\') return 2;
  if (source[at] !== '[') return 1;
  let end = at + 1;
  while (end < source.length && source[end] !== ']') end += source[end] === '\\' ? 2 : 1;
  return end + 1 - at;
}

function quantifierAt(source: string, at: number): Quantifier {
  const found = /^(?:[*+?]|\{(\d{1,6})(,?)(\d{0,6})\})\??/.exec(source.slice(at, at + 20));
  if (!found) return { max: 1, ways: 1, length: 0 };
  const [text, least = '', comma = '', most = ''] = found;
  if (text[0] === '?') return { max: 1, ways: 2, length: text.length };
  if (text[0] !== '{' || (comma && !most)) return { max: Infinity, ways: 1, length: text.length };
  const max = Number(comma ? most : least);
  return { max, ways: max - Number(least) + 1, length: text.length };
}
