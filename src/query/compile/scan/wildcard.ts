/** One part of a wildcard pattern between stars: its characters, `undefined` where any one stands (`?`). */
export type Run = (string | undefined)[];

/**
 * Compiles a pattern of `*` (any characters, also none), `?` (one character) and `\` (the next character as it is) to a test of a whole text.
 * Every star is matched as early as possible and never again: the time is at most length of pattern times length of text.
 */
export function wildcardTest(pattern: string): (text: string) => boolean {
  const runs = runsOf(pattern);
  const first = runs[0]!;
  const last = runs.at(-1)!;
  return (text) => {
    const chars = /[\ud800-\udfff]/.test(text) ? [...text] : text;
    if (runs.length === 1) return chars.length === first.length && standsAt(chars, first, 0);
    if (!standsAt(chars, first, 0)) return false;
    let at = first.length;
    for (const run of runs.slice(1, -1)) {
      while (at + run.length <= chars.length && !standsAt(chars, run, at)) at++;
      at += run.length;
    }
    return chars.length - last.length >= at && standsAt(chars, last, chars.length - last.length);
  };
}

/** The parts of a pattern that stand in every text it matches, in order. */
export const wildcardLiterals = (pattern: string): string[] =>
  runsOf(pattern)
    .flatMap((run) =>
      run
        .map((char) => char ?? '\0')
        .join('')
        .split('\0'),
    )
    .filter((part) => part !== '');

/** A pattern as its runs: one more than it has stars. */
export function runsOf(pattern: string): Run[] {
  const runs: Run[] = [[]];
  const chars = [...pattern];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!;
    if (char === '*') runs.push([]);
    else if (char === '?') runs.at(-1)!.push(undefined);
    else runs.at(-1)!.push(char === '\\' && i + 1 < chars.length ? chars[++i]! : char);
  }
  return runs;
}

function standsAt(chars: ArrayLike<string>, run: Run, at: number): boolean {
  if (at + run.length > chars.length) return false;
  for (let i = 0; i < run.length; i++) if (run[i] !== undefined && run[i] !== chars[at + i]) return false;
  return true;
}
