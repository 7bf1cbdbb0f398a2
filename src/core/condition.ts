import * as z from 'zod';
import type { AttributeValue, LogRecord } from './record.ts';
import { maxPatternText, safePattern } from './safe-pattern.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]);

function isSafePattern(source: string, context: z.core.$RefinementCtx): void {
  try {
    safePattern(source);
  } catch (thrown) {
    context.addIssue({ code: 'custom', message: (thrown as Error).message });
  }
}

/** A regular expression that runs in bounded time; see `safePattern`. */
export const patternSchema = z.string().min(1).superRefine(isSafePattern);

const one = z
  .strictObject({
    field: z.string().min(1).meta({ description: 'a field of the record (`level`, `service`, `message`, `tenant`, ...) or an attribute' }),
    equals: z
      .union([scalar, z.array(scalar).min(1)])
      .optional()
      .meta({ description: 'the value, or a list of which one must be it; compared by type' }),
    contains: z.string().min(1).optional().meta({ description: 'a part of the text, in any case' }),
    matches: patternSchema
      .optional()
      .meta({ description: 'a regular expression, unanchored, without nested repetition, back-references and look-around' }),
    exists: z.boolean().optional().meta({ description: 'whether the record has the field' }),
    not: z.boolean().optional().meta({ description: 'turns the condition round' }),
  })
  .refine(
    ({ equals, contains, matches, exists }) => [equals, contains, matches, exists].filter((test) => test !== undefined).length === 1,
    {
      message: 'a condition has exactly one of equals, contains, matches, exists',
    },
  );

/** What a record must be like for a step to run: one condition, or several that must all hold. */
export const conditionSchema = z.union([one, z.array(one).min(1)]);
export type Condition = z.infer<typeof conditionSchema>;

export type Matcher = (record: LogRecord, tenant: string) => boolean;

const recordFields: ReadonlySet<string> = new Set<keyof LogRecord>([
  'timestamp',
  'observed_timestamp',
  'level',
  'severity',
  'service',
  'env',
  'host',
  'message',
  'trace_id',
  'span_id',
]);

/** Reads a field by its name in the one vocabulary; names outside it, and those with `attributes.`, are attributes. */
export function fieldReader(name: string): (record: LogRecord, tenant: string) => AttributeValue | undefined {
  if (name === 'tenant') return (_record, tenant) => tenant;
  if (recordFields.has(name)) return (record) => record[name as 'message'];
  const key = name.startsWith('attributes.') ? name.slice('attributes.'.length) : name;
  return ({ attributes }) => (Object.hasOwn(attributes, key) ? attributes[key] : undefined);
}

/** Compiles a condition to a function of a record. */
export function compileCondition(condition: Condition): Matcher {
  const all = (Array.isArray(condition) ? condition : [condition]).map(compileOne);
  if (all.length === 1) return all[0]!;
  return (record, tenant) => all.every((holds) => holds(record, tenant));
}

function compileOne({ field, equals, contains, matches, exists, not }: z.infer<typeof one>): Matcher {
  const read = fieldReader(field);
  const holds = testOf({ equals, contains, matches, exists });
  return not ? (record, tenant) => !holds(read(record, tenant)) : (record, tenant) => holds(read(record, tenant));
}

function testOf({
  equals,
  contains,
  matches,
  exists,
}: Omit<z.infer<typeof one>, 'field' | 'not'>): (value: AttributeValue | undefined) => boolean {
  if (Array.isArray(equals)) {
    const wanted = new Set<unknown>(equals);
    return (value) => wanted.has(value);
  }
  if (equals !== undefined) return (value) => value === equals;
  if (contains !== undefined) {
    const part = contains.toLowerCase();
    return (value) => value !== undefined && String(value).toLowerCase().includes(part);
  }
  if (matches !== undefined) {
    const pattern = safePattern(matches);
    return (value) => value !== undefined && String(value).length <= maxPatternText && pattern.test(String(value));
  }
  return (value) => (value !== undefined) === exists;
}
