import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { AppError } from '../../../core/errors.ts';
import { maxStateBytes, type Versioned } from '../../../core/ports/state-store.ts';

export type Row = Record<string, AttributeValue>;

/** DynamoDB's bound of a sort key. */
const maxKeyBytes = 1_024;

/**
 * A key as an item's: `pk` is its first segment, `sk` all of it.
 * @throws AppError INTERNAL for a key that is empty, too long, or begins with `#`: others keep items of theirs in the same table under such
 */
export function rowKey(key: string): Row {
  if (key === '' || key.startsWith('#') || Buffer.byteLength(key) > maxKeyBytes)
    throw new AppError('INTERNAL', `"${key}" is no key of the state store: 1 to ${maxKeyBytes} bytes, the first not "#"`);
  return { pk: { S: firstSegment(key) ?? key }, sk: { S: key } };
}

/** What stands before the first slash; undefined where there is none. */
export function firstSegment(text: string): string | undefined {
  const slash = text.indexOf('/');
  return slash < 0 ? undefined : text.slice(0, slash);
}

/** `writer` names one attempt to write, so that its author knows it again. */
export const rowOf = (key: string, version: number, text: string, writer: string): Row => ({
  ...rowKey(key),
  v: { S: text },
  n: { N: String(version) },
  w: { S: writer },
});

export const versionOf = (row: Row): number => Number(row.n!.N);

export const versionedOf = <T>(row: Row): Versioned<T> => ({ value: JSON.parse(row.v!.S!) as T, version: versionOf(row) });

export function textOf(key: string, value: unknown): string {
  const text = JSON.stringify(value);
  if (text.length > maxStateBytes || Buffer.byteLength(text) > maxStateBytes)
    throw new AppError('INTERNAL', `the value of ${key} has ${text.length} bytes: at most ${maxStateBytes} fit`);
  return text;
}
