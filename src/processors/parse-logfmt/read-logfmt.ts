import { setAttribute } from '../../core/attributes.ts';
import type { Attributes, AttributeValue } from '../../core/record.ts';

/** More pairs than this are no log line. */
const maxPairs = 500;
const key = /[A-Za-z_@][\w.@/-]{0,199}=/y;
const bareValue = /[^\s"=]*/y;
/** Then commas are between the pairs, as in prose, and this is not logfmt. */
const endsInComma = /[,;]$/;

/**
 * Reads logfmt: `key=value` pairs apart by spaces, values bare or quoted as in JSON. Bare `true`, `false` and numbers that print as they stand
 * are taken for what they are, everything else for text. `undefined` where there are fewer than two pairs, anything besides them, or a key twice.
 */
export function readLogfmt(text: string): Attributes | undefined {
  const pairs: Attributes = {};
  let count = 0;
  let at = 0;
  const end = text.trimEnd().length;
  while (at < end) {
    key.lastIndex = at;
    const name = key.exec(text)?.[0].slice(0, -1);
    if (name === undefined || Object.hasOwn(pairs, name) || ++count > maxPairs) return undefined;
    at = key.lastIndex;
    const valueEnd = text[at] === '"' ? quoteEnd(text, at + 1) : bareEnd(text, at);
    if (valueEnd < 0) return undefined;
    const value = text.slice(at, valueEnd);
    if (endsInComma.test(value)) return undefined;
    setAttribute(pairs, name, text[at] === '"' ? unquote(value) : typed(value));
    at = valueEnd;
    if (at < end && text[at] !== ' ') return undefined;
    while (text[at] === ' ') at++;
  }
  return count >= 2 ? pairs : undefined;
}

/** Prints pairs so that {@link readLogfmt} gives them back. */
export function printLogfmt(pairs: Attributes): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? printText(value) : value}`)
    .join(' ');
}

const printText = (text: string): string =>
  /^[^\s"=\\]+$/.test(text) && typed(text) === text && !endsInComma.test(text) ? text : JSON.stringify(text);

function typed(text: string): AttributeValue {
  if (text === 'true') return true;
  if (text === 'false') return false;
  const first = text.charCodeAt(0);
  if (first !== 0x2d && !(first >= 0x30 && first <= 0x39)) return text;
  const number = Number(text);
  return Number.isFinite(number) && String(number) === text ? number : text;
}

function bareEnd(text: string, at: number): number {
  bareValue.lastIndex = at;
  bareValue.test(text);
  return bareValue.lastIndex;
}

/** Where a quoted value ends, its closing quote included; -1 where it does not. */
function quoteEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code === 0x5c) at++;
  }
  return -1;
}

/** The text between quotes; as JSON where it is JSON, else only `\"` and `\\` are taken for escapes. */
function unquote(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted.slice(1, -1).replace(/\\(["\\])/g, '$1');
  }
}
