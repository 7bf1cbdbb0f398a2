import * as z from 'zod';
import { AppError, type ErrorCode, type ErrorItem } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';

/**
 * Reads a URL's query by a schema. A parameter that is an array in the schema may be repeated, every other is given once.
 * @throws AppError INVALID_PARAMETER naming each fault, with the nearest known name for an unknown parameter
 */
export function readQuery<Q extends z.ZodObject>(schema: Q, url: URL): z.output<Q> {
  const raw: Record<string, string | string[]> = {};
  for (const name of new Set(url.searchParams.keys())) {
    const field: unknown = Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined;
    if (!field) throw unknownParameter(name, Object.keys(schema.shape));
    const values = url.searchParams.getAll(name);
    if (isList(field)) raw[name] = values;
    else if (values.length > 1) throw new AppError('INVALID_PARAMETER', `${name} is given ${values.length} times; give it once`);
    else raw[name] = values[0]!;
  }
  return check(schema, raw, 'INVALID_PARAMETER');
}

const noParameters = z.object({});

/** Refuses every query parameter, for routes that take none. */
export const refuseQuery = (url: URL): void => void readQuery(noParameters, url);

function unknownParameter(name: string, known: string[]): AppError {
  const shown = name.slice(0, 60);
  const meant = nearest(shown, known);
  const rest = known.length === 0 ? 'this call takes none' : meant ? `did you mean ${meant}?` : `this call takes ${known.join(', ')}`;
  return new AppError('INVALID_PARAMETER', `"${shown}" is no parameter of this call; ${rest}`, {
    errors: [{ path: shown, code: 'UNKNOWN_PARAMETER', detail: rest }],
  });
}

function isList(field: unknown): boolean {
  let schema = field;
  while (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) schema = schema.unwrap();
  return schema instanceof z.ZodArray;
}

/**
 * Checks any value by a schema; `place` is where a body stands in the faults' paths.
 * @throws AppError with the code, and an item for each fault
 */
export function check<S extends z.ZodType>(schema: S, value: unknown, code: ErrorCode, place = ''): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, 50).map((issue) => faultOf(issue, place));
  const [first] = errors;
  throw new AppError(code, first!.path ? `${first!.path}: ${first!.detail}` : first!.detail, { errors });
}

function faultOf(issue: z.core.$ZodIssue, place: string): ErrorItem {
  const path = issue.path.reduce<string>(
    (at, key) => (typeof key === 'number' ? `${at}[${key}]` : at ? `${at}.${String(key)}` : String(key)),
    place,
  );
  const message = issue.message.replace(/^Invalid (input|option|string): /, '');
  return {
    path,
    code: issue.code === 'custom' ? 'INVALID_VALUE' : issue.code.toUpperCase(),
    detail: message.charAt(0).toLowerCase() + message.slice(1),
  };
}
