import { AppError } from '../../core/errors.ts';
import { type Scanned, scanJson, skipBlank } from '../../core/json-scan.ts';

/** How the records stand in a body. `json`: one value, an object or an array of them. */
export type BodyKind = 'json' | 'ndjson' | 'csv' | 'text';

const mediaTypes: Readonly<Record<string, BodyKind>> = {
  'application/json': 'json',
  'text/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/x-jsonl': 'ndjson',
  'application/jsonlines': 'ndjson',
  'application/x-jsonlines': 'ndjson',
  'text/csv': 'csv',
  'application/csv': 'csv',
  'text/plain': 'text',
};

const openBrace = 0x7b;
const openBracket = 0x5b;

/**
 * Tells how to read a body from its media type, and where that says JSON or nothing (or what `curl -d` says of everything) from its first line:
 * an object that ends with its line begins NDJSON.
 * @throws AppError MEDIA_TYPE for one that is not known, INVALID_BODY for a body without a type that is not JSON
 */
export function bodyKind(contentType: string | undefined, bytes: Uint8Array): BodyKind {
  const [type = ''] = (contentType ?? '').trim().toLowerCase().split(/\s*;/);
  const named = Object.hasOwn(mediaTypes, type) ? mediaTypes[type] : undefined;
  if (named !== undefined && named !== 'json') return named;
  const first = bytes[skipBlank(bytes, 0, bytes.length)];
  const looksLikeJson = first === openBrace || first === openBracket;
  if (named === undefined && !(looksLikeJson && type === 'application/x-www-form-urlencoded')) {
    if (type !== '' && type !== 'application/octet-stream') {
      const known = 'application/json, application/x-ndjson, text/csv or text/plain';
      throw new AppError('MEDIA_TYPE', `the content type "${type}" is not known; use ${known}`);
    }
    if (!looksLikeJson) throw new AppError('INVALID_BODY', 'the body is not JSON; for CSV or text give its Content-Type');
  }
  return first === openBrace && firstLineIsWhole(bytes) ? 'ndjson' : 'json';
}

function firstLineIsWhole(bytes: Uint8Array): boolean {
  const from = skipBlank(bytes, 0, bytes.length);
  const feed = bytes.indexOf(0x0a, from);
  const to = feed < 0 ? bytes.length : feed;
  const scanned: Scanned = { depth: 0, watched: false };
  const end = scanJson(bytes, from, to, scanned);
  return end > 0 && skipBlank(bytes, end, to) === to;
}
