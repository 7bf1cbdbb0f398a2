import { AppError } from '../../core/errors.ts';
import { RecordFault } from '../../core/record-fault.ts';

/**
 * Reads the JSON values of a body, one at a time: an object or the items of an array (`json`), or a value a line (`ndjson`), where a line that is none
 * is a fault of its own.
 * @throws AppError INVALID_BODY for a body that is no JSON
 */
export function* readRecords(bytes: Uint8Array, kind: 'json' | 'ndjson'): Generator<unknown> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  if (kind === 'json') {
    const value = parse(text);
    if (Array.isArray(value)) yield* value;
    else yield value;
    return;
  }
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    try {
      yield JSON.parse(line);
    } catch {
      yield new RecordFault('', 'NOT_JSON', 'the line is not JSON; give one JSON object a line');
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('INVALID_BODY', `the body is not JSON: ${(cause as Error).message.toLowerCase().slice(0, 200)}`, { cause });
  }
}
