/**
 * Compares what was answered with what a scenario expects, and lists the differences, a sentence each. An object may have more fields than
 * expected; a list has exactly the expected items. `/text/` is a regular expression over the value as text; `$absent`, `$any`, `$string`,
 * `$number`, `$time`, `$id` and `$length: n` say what they mean.
 */
export function differences(actual: unknown, expected: unknown, path = 'body'): string[] {
  if (typeof expected === 'string') return textDifferences(actual, expected, path);
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [`${path} is ${show(actual)}, not a list`];
    if (actual.length !== expected.length) return [`${path} has ${actual.length} items, not ${expected.length}: ${show(actual)}`];
    return expected.flatMap((item, i) => differences(actual[i], item, `${path}[${i}]`));
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null) return [`${path} is ${show(actual)}, not an object`];
    return Object.entries(expected).flatMap(([key, value]) => fieldDifferences(actual, key, value, path));
  }
  return Object.is(actual, expected) ? [] : [`${path} is ${show(actual)}, not ${show(expected)}`];
}

function fieldDifferences(actual: object, key: string, expected: unknown, path: string): string[] {
  if (key === '$length') {
    const { length } = actual as unknown[];
    return length === expected ? [] : [`${path} has ${length} items, not ${expected}`];
  }
  if (key === '$keys') return differences(Object.keys(actual).sort(), expected, `the keys of ${path}`);
  return differences((actual as Record<string, unknown>)[key], expected, `${path}.${key}`);
}

const kinds: Record<string, (value: unknown) => boolean> = {
  $absent: (value) => value === undefined,
  $any: (value) => value !== undefined,
  $string: (value) => typeof value === 'string' && value !== '',
  $number: (value) => typeof value === 'number' && Number.isFinite(value),
  $time: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z$/.test(value),
  $id: (value) => typeof value === 'string' && /^(?:[0-9a-hjkmnp-tv-z]{13}|[0-9a-f]{32})$/.test(value),
};

function textDifferences(actual: unknown, expected: string, path: string): string[] {
  const kind = kinds[expected];
  if (kind) return kind(actual) ? [] : [`${path} is ${show(actual)}, not ${expected}`];
  const [, pattern] = /^\/(.+)\/$/s.exec(expected) ?? [];
  if (pattern === undefined) return actual === expected ? [] : [`${path} is ${show(actual)}, not ${show(expected)}`];
  const text = typeof actual === 'string' ? actual : JSON.stringify(actual);
  return actual !== undefined && new RegExp(pattern, 's').test(text)
    ? []
    : [`${path} is ${show(actual)}, which does not match ${expected}`];
}

const show = (value: unknown): string => (JSON.stringify(value) ?? 'absent').slice(0, 300);
