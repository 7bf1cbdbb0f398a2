import { readRuleText } from '../alerts/rule/parse-rule.ts';
import { type Imported, importPrometheus } from '../alerts/rule/prometheus.ts';
import { refuseRule } from '../alerts/rule/refuse.ts';
import { AppError } from '../core/errors.ts';
import type { HttpOptions } from './options.ts';
import { maxBytesOf, mediaTypeOf, parseJson, readText } from './read-body.ts';

/** What an answer says of a rule besides what it is: left out where it comes back. */
const ofAnswers = ['version', 'state', 'created_at', 'updated_at', 'updated_by'];
/** Deeper than any rule that is accepted. */
const maxDepth = 64;
const yamlTypes = ['application/yaml', 'application/x-yaml', 'text/yaml'];

export type RuleBody = { kind: 'rule'; source: unknown } | { kind: 'import'; imported: Imported[] };

/**
 * Reads a rule as JSON or EDN, or a rule file of Prometheus as YAML.
 * @throws AppError INVALID_RULE, INVALID_BODY, MEDIA_TYPE, BODY_TOO_LARGE
 */
export async function readRuleBody(request: Request, options: HttpOptions): Promise<RuleBody> {
  const type = mediaTypeOf(request.headers.get('content-type')) ?? 'application/json';
  const isYaml = yamlTypes.includes(type);
  const isEdn = type === 'application/edn';
  // A tool that names no type of its own (curl -d) means JSON.
  const isJson = type === 'application/json' || type.endsWith('+json') || type === 'application/x-www-form-urlencoded';
  if (!isYaml && !isEdn && !isJson)
    throw new AppError(
      'MEDIA_TYPE',
      `a rule is application/json, application/edn, or application/yaml for rules of Prometheus, not ${type.slice(0, 100)}`,
    );
  const content = await readText(request, maxBytesOf(options));
  if (isYaml) return { kind: 'import', imported: importPrometheus(await readYaml(content)) };
  return { kind: 'rule', source: plain(isEdn ? readRuleText(content, true) : parseJson(content)) };
}

/** A rule inside a body of JSON: an object, or a text of EDN. */
export const ruleWithin = (rule: unknown): unknown => plain(typeof rule === 'string' ? readRuleText(rule, true) : rule);

function plain(source: unknown): unknown {
  refuseDeep(source);
  if (typeof source !== 'object' || source === null || Array.isArray(source)) return source;
  return Object.fromEntries(Object.entries(source).filter(([name]) => !ofAnswers.includes(name)));
}

/** What nests deeper than functions can call themselves is refused before any does. */
function refuseDeep(source: unknown): void {
  let level = [source];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) refuseRule('rule', `it nests more than ${maxDepth} deep`);
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
}

async function readYaml(content: string): Promise<unknown> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(content, { maxAliasCount: 0 } as object);
  const [error] = document.errors;
  if (error) refuseRule('file', `it is no YAML: ${error.message.split('\n')[0]}`);
  try {
    const file: unknown = document.toJS({ maxAliasCount: 100 });
    refuseDeep(file);
    return file;
  } catch (thrown) {
    return refuseRule('file', `it is no YAML: ${(thrown as Error).message}`);
  }
}
