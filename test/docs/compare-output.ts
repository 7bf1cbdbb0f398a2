/** Figures that are what the document says, wherever they stand; other figures differ from run to run. */
const exactKeys = new Set(['accepted', 'rejected', 'records', 'status', 'n', 'matched', 'redriven', 'outcome']);

/**
 * Lists where JSON is not of the shape that a document shows: the same keys and types, the same lists in length, the same words; texts with digits
 * in them (times, ids, tokens) and most figures may differ.
 */
export function jsonDifferences(shown: unknown, actual: unknown, path = '$'): string[] {
  if (Array.isArray(shown) && Array.isArray(actual)) {
    if (shown.length !== actual.length) return [`${path}: ${actual.length} items, the document shows ${shown.length}`];
    return shown.flatMap((item, i) => jsonDifferences(item, actual[i], `${path}[${i}]`));
  }
  if (isObject(shown) && isObject(actual)) {
    const keys = [...new Set([...Object.keys(shown), ...Object.keys(actual)])];
    return keys.flatMap((key) => {
      if (!Object.hasOwn(shown, key)) return [`${path}.${key}: the document does not show it`];
      if (!Object.hasOwn(actual, key)) return [`${path}.${key}: it is not there`];
      const isExact = exactKeys.has(key) && typeof shown[key] !== 'object';
      if (isExact && shown[key] !== actual[key]) return [`${path}.${key}: ${actual[key]}, the document shows ${shown[key]}`];
      return jsonDifferences(shown[key], actual[key], `${path}.${key}`);
    });
  }
  if (typeof shown === 'string' && typeof actual === 'string') {
    return shown === actual || /\d/.test(shown) ? [] : [`${path}: "${actual}", the document shows "${shown}"`];
  }
  const isAlike =
    typeof shown === typeof actual && (shown === null) === (actual === null) && Array.isArray(shown) === Array.isArray(actual);
  if (!isAlike) return [`${path}: ${JSON.stringify(actual)}, the document shows ${JSON.stringify(shown)}`];
  return typeof shown === 'boolean' && shown !== actual ? [`${path}: ${actual}, the document shows ${shown}`] : [];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A pattern of what a document shows as text: the same words and the same counts of thousands (`13,795`); small figures and spaces may differ; `…` is anything. */
export function textPattern(shown: string): RegExp {
  const parts = shown.trim().match(/…|\d{1,3}(?:,\d{3})+|\d[\d.]*|\s+|[^\d\s…]+/g) ?? [];
  const source = parts.map((part) => {
    if (part === '…') return '[\\s\\S]*?';
    if (/^\s/.test(part)) return '\\s+';
    return /^\d[\d.]*$/.test(part) ? '\\d[\\d.,]*' : part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`);
}
