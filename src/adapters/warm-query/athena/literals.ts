import type { Statement } from '../../../query/compile/sql/aggregate.ts';
import type { SqlValue } from '../../../query/compile/sql/fragment.ts';

/** A quoted name, a quoted text, or a place for a value. */
const piece = /"(?:[^"]|"")*"|'(?:[^']|'')*'|\?/g;

/**
 * Writes the values of a statement into its text: Athena binds at most 1,024 characters a value, as text as well. A value is always one literal:
 * what could end it is doubled or escaped.
 */
export function written({ text, values }: Pick<Statement, 'text' | 'values'>): string {
  let at = 0;
  return text.replace(piece, (found) => (found === '?' ? literalOf(values[at++]!) : found));
}

/** A value as Trino spells it. https://trino.io/docs/current/language/types.html */
export function literalOf(value: SqlValue): string {
  switch (value.type) {
    case 'text':
      return textLiteral(value.value);
    case 'texts':
      return `ARRAY[${value.values.map(textLiteral).join(', ')}]`;
    case 'number':
      return Number.isFinite(value.value) ? `DOUBLE '${value.value}'` : value.value > 0 ? 'infinity()' : '-infinity()';
    case 'integer':
      return String(BigInt(value.value));
    case 'time':
      return String(BigInt(Math.ceil(value.us)));
    case 'boolean':
      return value.value ? 'TRUE' : 'FALSE';
  }
}

/** Control characters are escaped, so that none is lost or changed on the way. */
function textLiteral(value: string): string {
  const quoted = value.replaceAll("'", "''");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  if (!/[\x00-\x1f\x7f\ufeff]/.test(value)) return `'${quoted}'`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  const escaped = quoted.replace(/[\x00-\x1f\x7f\ufeff\\]/g, (char) =>
    char === '\\' ? '\\\\' : `\\${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `U&'${escaped}'`;
}
