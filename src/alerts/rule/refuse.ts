import { AppError, type ErrorItem } from '../../core/errors.ts';
import { didYouMean } from '../../query/ast/json.ts';
import { durationLiteral } from '../../query/ast/time.ts';

/** Refuses a rule: names the place and says what to do. */
export function refuseRule(path: string, problem: string, code = 'INVALID_RULE'): never {
  throw new AppError('INVALID_RULE', `${path}: ${problem}`, { errors: [{ path, code, detail: problem }] });
}

/** Runs what reads a part of the query language: its refusals are those of a rule, with the same place. */
export function asRule<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'INVALID_QUERY') throw thrown;
    const { errors, at } = thrown.more;
    const items = errors?.map((item): ErrorItem => ({ ...item, code: 'INVALID_RULE' }));
    throw new AppError('INVALID_RULE', thrown.detail, { ...(items ? { errors: items } : {}), ...(at === undefined ? {} : { at }) });
  }
}

/** An object with none but known keys. */
export function objectOf(json: unknown, path: string, keys?: readonly string[]): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) refuseRule(path, 'an object is needed here');
  const unknown = keys && Object.keys(json).find((key) => !keys.includes(key));
  if (unknown !== undefined) refuseRule(path, `${JSON.stringify(unknown)} is not known; ${didYouMean(unknown, keys!)}`);
  return json as Record<string, unknown>;
}

/** A length of time in microseconds; `undefined` where none is given. */
export function lengthOf(json: unknown, path: string): number | undefined {
  if (json === undefined || json === null) return undefined;
  if (json === 0 || json === '0s' || json === '0m') return 0;
  const us = typeof json === 'string' ? durationLiteral(json) : undefined;
  return us ?? refuseRule(path, `${JSON.stringify(json)} is no length of time; give one like "30s", "5m" or "1h"`);
}

/** A list of texts; one text stands for a list of it. */
export function textsOf(json: unknown, path: string): string[] {
  if (json === undefined || json === null) return [];
  const items = Array.isArray(json) ? json : [json];
  return items.map((item, i) =>
    typeof item === 'string' && item !== '' ? item : refuseRule(Array.isArray(json) ? `${path}[${i}]` : path, 'a text is needed here'),
  );
}

/** Names with texts, such as labels; numbers and truth values are written as texts. */
export function textMapOf(json: unknown, path: string): Record<string, string> {
  if (json === undefined || json === null) return {};
  return Object.fromEntries(
    Object.entries(objectOf(json, path)).map(([name, value]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/.test(name))
        refuseRule(path, `${JSON.stringify(name.slice(0, 120))} is no name; letters, digits, "_", "." and "-"`);
      if (typeof value === 'string' && value.length <= 4_096) return [name, value];
      if (typeof value === 'number' || typeof value === 'boolean') return [name, String(value)];
      return refuseRule(`${path}.${name}`, 'a text of 4,096 characters at most is needed here');
    }),
  );
}
