import { fold } from '../../core/fold.ts';
import { defineProcessor } from '../../core/processor.ts';
import type { LogRecord } from '../../core/record.ts';
import manifest from './manifest.ts';
import { readLogfmt } from './read-logfmt.ts';

/** Folds a message of at least two key=value pairs and nothing else into the record; leaves any other alone. */
export function parseLogfmt(record: LogRecord): LogRecord {
  const raw = record.message === undefined ? undefined : readLogfmt(record.message);
  if (!raw) return record;
  const folded = fold(record, raw);
  if (!folded) return record;
  if (folded.message !== undefined && folded.isWhole) folded.record.message = folded.message;
  return folded.record;
}

export default defineProcessor(manifest, () => parseLogfmt);
