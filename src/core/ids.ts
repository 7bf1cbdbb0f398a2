import type { Position } from './record.ts';

/** Crockford's base 32, lower case: sorts like the numbers it spells. https://www.crockford.com/base32.html */
const digits = '0123456789abcdefghjkmnpqrstvwxyz';
const digitValue = new Map([...digits].map((digit, value) => [digit, value]));

const widths = { generation: 2, partition: 2, offset: 9 } as const;
/** Exclusive bounds of a position's parts, from the widths of an id. */
export const maxGeneration = 32 ** widths.generation;
export const maxPartitions = 32 ** widths.partition;
export const maxOffset = 32 ** widths.offset;

/**
 * Spells a position as the id of its record: 13 characters of base 32 (2 generation, 2 partition, 9 offset), so that ids of one partition
 * sort as their records were appended.
 */
export function idOf(position: Position): string {
  return (
    encode(position.generation, widths.generation) + encode(position.partition, widths.partition) + encode(position.offset, widths.offset)
  );
}

/** Reads an id back into its position, or `undefined` where it spells none (a client's own id: 32 hex digits). */
export function positionOf(id: string): Position | undefined {
  if (id.length !== 13) return undefined;
  const generation = decode(id.slice(0, 2));
  const partition = decode(id.slice(2, 4));
  const offset = decode(id.slice(4));
  if (generation === undefined || partition === undefined || offset === undefined) return undefined;
  return { generation, partition, offset };
}

/** Tells whether an id is the digest of a client's own id rather than a position. */
export const isClientId = (id: string): boolean => /^[0-9a-f]{32}$/.test(id);

/** Orders positions by generation, partition, offset. */
export function comparePositions(a: Position, b: Position): number {
  return a.generation - b.generation || a.partition - b.partition || a.offset - b.offset;
}

function encode(value: number, width: number): string {
  let text = '';
  for (let i = 0, rest = value; i < width; i++, rest = Math.floor(rest / 32)) text = digits[rest % 32] + text;
  return text;
}

function decode(text: string): number | undefined {
  let value = 0;
  for (const digit of text) {
    const part = digitValue.get(digit);
    if (part === undefined) return undefined;
    value = value * 32 + part;
  }
  return value;
}
