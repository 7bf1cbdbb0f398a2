import type { Attributes } from '../../core/record.ts';

const id = /[^\s=\]"]{1,32}/y;
/** RFC 5424, 6.3.3: `"`, `\` and `]` stand behind a backslash. */
const parameter = / ([^\s=\]"]{1,32})="((?:[^"\\\]]|\\.){0,8192})"/sy;

/**
 * Reads structured data (RFC 5424, 6.3) from an offset of the line on into attributes named `id.parameter`; false where it is malformed. A name
 * that comes twice has its last value; the message keeps them all.
 */
export function readStructuredData(line: string, at: number, into: Attributes): boolean {
  if (line[at] === '-') return at + 1 === line.length || line[at + 1] === ' ';
  while (line[at] === '[') {
    id.lastIndex = at + 1;
    const element = id.exec(line)?.[0];
    if (element === undefined) return false;
    at = id.lastIndex;
    parameter.lastIndex = at;
    for (let found = parameter.exec(line); found; found = parameter.exec(line)) {
      into[`${element}.${found[1]}`] = found[2]!.replace(/\\(["\\\]])/g, '$1');
      at = parameter.lastIndex;
    }
    if (line[at] !== ']') return false;
    at++;
  }
  return at === line.length || line[at] === ' ';
}
