import type { Attributes, AttributeValue } from './record.ts';

/** Nested objects become dotted keys down to this depth and up to this length of key; what lies beyond stays together as JSON text. */
const maxFlattenDepth = 32;
const maxDottedKeyChars = 200;

/** Sets an attribute under any key, `__proto__` included, as a property of its own. */
export function setAttribute(attributes: Attributes, key: string, value: AttributeValue): void {
  if (key === '__proto__') Object.defineProperty(attributes, key, { value, enumerable: true, configurable: true, writable: true });
  else attributes[key] = value;
}

/**
 * Keeps a JSON value as attributes: objects flattened with dots, arrays as JSON text, null left out, a number beyond a double's range as
 * `Infinity` or `-Infinity` in text. Of two values for one key the later stays.
 */
export function keepAttribute(attributes: Attributes, key: string, value: unknown, depth = 1): void {
  if (typeof value === 'string' || typeof value === 'boolean') setAttribute(attributes, key, value);
  else if (typeof value === 'number') setAttribute(attributes, key, Number.isFinite(value) ? value : String(value));
  else if (isObject(value)) keepObject(attributes, key, value, depth);
  else if (value !== null && value !== undefined) setAttribute(attributes, key, JSON.stringify(value));
}

function keepObject(attributes: Attributes, key: string, value: Record<string, unknown>, depth: number): void {
  if (depth >= maxFlattenDepth || key.length > maxDottedKeyChars) setAttribute(attributes, key, JSON.stringify(value));
  else for (const name in value) keepAttribute(attributes, `${key}.${name}`, value[name], depth + 1);
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
