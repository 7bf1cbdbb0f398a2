import type { Json } from '../ast/json.ts';

/**
 * Writes JSON as EDN, which `parseEdn` reads back: names that keep their letters as keywords are keywords where they are keys or begin a list (`_` as
 * `-`), everything else is what it is.
 */
export function printEdn(json: Json): string {
  if (json === null) return 'nil';
  if (Array.isArray(json)) return `[${json.map((item, i) => (i === 0 && isOperator(item) ? `:${item}` : printEdn(item))).join(' ')}]`;
  if (typeof json === 'object')
    return `{${Object.entries(json)
      .map(([key, value]) => `${printKey(key)} ${printEdn(value)}`)
      .join(' ')}}`;
  return typeof json === 'string' ? printText(json) : String(json);
}

const isOperator = (item: Json): item is string => typeof item === 'string' && /^(?:[a-z]+|[=!<>]=?)$/.test(item);
const printKey = (key: string): string => (/^[a-z][a-z0-9_]*$/.test(key) ? `:${key.replaceAll('_', '-')}` : printText(key));
const printText = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
