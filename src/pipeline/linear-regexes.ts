import v8 from 'node:v8';

/**
 * Lets V8 finish on its linear-time engine every regular expression that backtracks too often (50,000 times): a pattern of a user then costs
 * milliseconds where it could have cost hours. Process-wide, for expressions first run afterwards; costs nothing measurable otherwise. The engine
 * takes no look-around, no back-references and no flags `i` and `u`: `safePattern` keeps to that.
 */
export function boundRegexes(): void {
  v8.setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
}
