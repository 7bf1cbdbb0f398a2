import { AppError } from '../../core/errors.ts';
import type { AttributeValue } from '../../core/record.ts';
import { safePattern } from '../../core/safe-pattern.ts';
import { grokPatterns } from './patterns.ts';

type Capture = { group: string; field: string; convert(text: string): AttributeValue };
export type Grok = { pattern: RegExp; captures: Capture[] };

const reference = /%\{(\w{1,60})(?::([\w@.[\]-]{1,200})(?::(\w{1,10}))?)?\}/g;
const namedGroup = /\(\?<([A-Za-z_]\w*)>/g;
const maxDepth = 12;

const converters: Record<string, Capture['convert']> = {
  string: (text) => text,
  int: (text) => (/^[+-]?\d{1,15}$/.test(text) ? Number(text) : text),
  float: (text) => (text !== '' && Number.isFinite(Number(text)) ? Number(text) : text),
};

/**
 * Compiles a grok expression (https://www.elastic.co/docs/reference/logstash/plugins/plugins-filters-grok): `%{NAME}`, `%{NAME:field}`,
 * `%{NAME:field:int}`, and regular expressions around them, named groups included. A field `[a][b]` is `a.b`.
 * @throws AppError INVALID_CONFIG for an unknown name, a definition that contains itself, an unsafe pattern
 */
export function compileGrok(expression: string, definitions: Record<string, string> = {}): Grok {
  const captures: Capture[] = [];
  const fail = (why: string): never => {
    throw new AppError('INVALID_CONFIG', `the grok pattern ${JSON.stringify(expression.slice(0, 200))} ${why}`);
  };
  const expand = (source: string, depth: number): string => {
    if (depth > maxDepth) return fail('names a definition that contains itself');
    return source.replace(reference, (_all, name: string, field: string | undefined, type = 'string') => {
      const definition = Object.hasOwn(definitions, name) ? definitions[name]! : grokPatterns.get(name);
      if (definition === undefined) return fail(`names %{${name}}, which is not known; define it under definitions`);
      const convert = Object.hasOwn(converters, type) ? converters[type]! : fail(`converts to ${type}; give int, float or string`);
      // The group is numbered before what it contains, so that outer captures come first.
      const group = `g${captures.length}`;
      if (field !== undefined) captures.push({ group, field: plainField(field), convert });
      return `(?${field === undefined ? ':' : `<${group}>`}${expand(definition, depth + 1)})`;
    });
  };
  const withGroups = expression.replace(namedGroup, (_all, field: string) => `(?<u_${field}>`);
  const source = expand(withGroups, 0);
  if (/%\{/.test(source)) fail('has a %{…} that cannot be read; write %{NAME}, %{NAME:field} or %{NAME:field:int}');
  for (const [, field] of withGroups.matchAll(namedGroup))
    captures.push({ group: field!, field: field!.slice(2), convert: converters.string! });
  return { pattern: safePattern(source), captures };
}

const plainField = (field: string): string => field.replace(/^\[|\]$/g, '').replaceAll('][', '.');
