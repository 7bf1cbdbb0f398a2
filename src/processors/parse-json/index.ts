import { isObject } from '../../core/attributes.ts';
import { fold } from '../../core/fold.ts';
import { defineProcessor } from '../../core/processor.ts';
import type { LogRecord } from '../../core/record.ts';
import manifest from './manifest.ts';

/** A number that a double may not hold exactly: then the text stays. */
const longNumber = /\d{16}/;

/** Folds a message that is a JSON object into the record; leaves any other alone. */
export function parseJson(record: LogRecord): LogRecord {
  const raw = record.message === undefined ? undefined : objectIn(record.message);
  if (!raw) return record;
  const folded = fold(record, raw);
  if (!folded) return record;
  const { message, isWhole } = folded;
  if (message !== undefined && isWhole && !longNumber.test(record.message!)) folded.record.message = message;
  return folded.record;
}

function objectIn(message: string): Record<string, unknown> | undefined {
  const text = message.trim();
  if (text[0] !== '{' || text.at(-1) !== '}') return undefined;
  try {
    const raw: unknown = JSON.parse(text);
    return isObject(raw) ? raw : undefined;
  } catch {
    return undefined;
  }
}

export default defineProcessor(manifest, () => parseJson);
