import { type Folded, fold } from '../../core/fold.ts';
import { hasKeyEndingInBackslash } from '../../core/json-keys.ts';
import { defineProcessor } from '../../core/processor.ts';
import type { LogRecord } from '../../core/record.ts';
import manifest from './manifest.ts';

/** A number that a double may not hold exactly: then the text stays. */
const longNumber = /\d{16}/;

/** Folds a message that is a JSON object into the record; leaves any other alone. */
export function parseJson(record: LogRecord): LogRecord {
  const text = record.message?.trim();
  if (text === undefined || text[0] !== '{' || text.at(-1) !== '}' || hasKeyEndingInBackslash(text)) return record;
  const folded = foldJson(record, text);
  if (!folded) return record;
  if (folded.message !== undefined && folded.isWhole && !longNumber.test(text)) folded.record.message = folded.message;
  return folded.record;
}

/** `undefined` for what is no JSON, and for what is nested deeper than the stack allows. */
function foldJson(record: LogRecord, text: string): Folded | undefined {
  try {
    return fold(record, JSON.parse(text) as Record<string, unknown>);
  } catch {
    return undefined;
  }
}

export default defineProcessor(manifest, () => parseJson);
