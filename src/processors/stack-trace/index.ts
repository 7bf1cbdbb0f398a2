import { improve } from '../../core/improve.ts';
import { type Grade, readLevel } from '../../core/level.ts';
import { isErrorHead, isFrame } from '../../core/multiline.ts';
import { defineProcessor } from '../../core/processor.ts';
import type { Attributes, LogRecord } from '../../core/record.ts';
import manifest from './manifest.ts';

const error = readLevel('error') as Grade;

/** How far into a message a trace is looked for. */
const maxLines = 100;
const maxLineLength = 2_000;

type Exception = { type: string; message: string | undefined };

/** Names the exception of a stack trace in the message; leaves any other record alone. */
export function readStackTrace(record: LogRecord): LogRecord {
  const { message } = record;
  if (message === undefined || !message.includes('\n')) return record;
  const exception = python(message) ?? go(message) ?? framed(message);
  if (!exception) return record;
  const attributes: Attributes = { 'exception.type': exception.type };
  if (exception.message !== undefined) attributes['exception.message'] = exception.message;
  return improve(record, { grade: error, attributes });
}

const named = /^(?:Exception in thread "[^"\n]{0,200}" |Uncaught )?([\w$.]{1,300})(?: \[[^\]]{0,100}\])?(?:: (.*))?$/s;

/** Java and Node.js: the exception is named in the line before the frames, or in an earlier one where its message has several lines. */
function framed(message: string): Exception | undefined {
  const lines = headLines(message);
  const frameAt = lines.findIndex(isFrame);
  if (frameAt < 1) return undefined;
  const headAt = lines.findIndex(isErrorHead);
  if (headAt >= 0 && headAt < frameAt) return exceptionOf(lines.slice(headAt, frameAt).join('\n'));
  const behindPrefix = /(?:^|[\s:])((?:[\w$]{1,100}\.){0,20}[A-Z][\w$]{0,100}(?:Exception|Error): .{0,1000})$/.exec(
    lines[frameAt - 1]!.slice(-1200),
  );
  return behindPrefix ? exceptionOf(behindPrefix[1]!) : undefined;
}

/** Python names the exception behind its frames: in the first line that is not indented. */
function python(message: string): Exception | undefined {
  const at = message.lastIndexOf('Traceback (most recent call last):\n');
  if (at < 0) return undefined;
  const last = headLines(message.slice(at))
    .slice(1)
    .find((line) => line !== '' && line[0] !== ' ' && line[0] !== '\t');
  return last === undefined ? undefined : exceptionOf(last);
}

/** Go: `panic: reason`, then its goroutines. */
function go(message: string): Exception | undefined {
  if (!/^goroutine \d{1,12} \[/m.test(message)) return undefined;
  const panic = /^(?:.{0,200}?\b)?(panic|fatal error)(?: serving [^:\n]{1,100}:\d{1,5})?: (.{1,2000})/m.exec(message.slice(0, 8_000));
  return panic ? { type: panic[1]!, message: panic[2]! } : undefined;
}

function exceptionOf(head: string): Exception | undefined {
  const found = named.exec(head);
  return found ? { type: found[1]!, message: found[2] } : undefined;
}

function headLines(message: string): string[] {
  return message.split('\n', maxLines).map((line) => (line.length > maxLineLength ? line.slice(0, maxLineLength) : line));
}

export default defineProcessor(manifest, () => readStackTrace);
