import * as z from 'zod';
import { type AliasedField, recordAliases } from './record-aliases.ts';
import { strictTimeName } from './record-fault.ts';
import { readTime } from './time.ts';

const isTime = (value: unknown): boolean => readTime(value) !== undefined;

/** A field that is taken in any type: what cannot be used for it becomes an attribute. */
const lenient = (name: AliasedField, description: string) =>
  z
    .unknown()
    .optional()
    .meta({ description: `${description} Also read from ${recordAliases[name].slice(1).join(', ') || 'no other name'}.` });

const notATime = 'it is not a time; give RFC 3339 or epoch';

/**
 * One record as it may be sent, as the API describes it. It allows what `check` allows, which is the one that runs; they are held equal by a
 * property test (but for an object whose only key is `__proto__`, which zod does not see).
 */
export const recordInput = z
  .looseObject({
    timestamp: z
      .union([z.string(), z.number()])
      .refine(isTime, notATime)
      .nullish()
      .meta({
        description: `When it happened: RFC 3339, or epoch seconds, milliseconds, microseconds or nanoseconds; when it arrives, if absent. Also read from ${recordAliases.timestamp.slice(1).join(', ')}.`,
        examples: ['2026-11-20T08:15:30.123Z', 1795162530.123],
      }),
    level: lenient('level', 'A word or a number of syslog, pino, bunyan or java.util.logging; `info` where it is absent or unknown.'),
    severity: lenient('severity', "OpenTelemetry's SeverityNumber, 1 to 24, or a level as a word."),
    service: lenient('service', 'Who wrote it; `unknown` if absent.'),
    env: lenient('env', 'The environment, such as prod.'),
    host: lenient('host', 'Where it was written.'),
    message: lenient('message', 'The text that is searched.'),
    trace_id: lenient('trace_id', '32 hex digits.'),
    span_id: lenient('span_id', '16 hex digits.'),
    id: lenient('id', "The sender's own id: the same record sent twice is one."),
    attributes: z.unknown().optional().meta({
      description: 'Everything else, as an object; nested objects are flattened with dots. Unknown fields beside it become attributes too.',
    }),
  })
  .refine((record) => Object.keys(record).length > 0, 'the record is empty; give at least a message')
  .refine((record) => {
    const name = strictTimeName(record);
    return name === undefined || isTime(record[name]);
  }, notATime)
  .meta({ id: 'LogInput', description: 'One log record.' });
