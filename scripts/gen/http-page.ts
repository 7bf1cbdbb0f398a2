import { openapiOf } from '../../src/http/openapi.ts';
import type { Route } from '../../src/http/route.ts';
import { routes } from '../../src/http/routes/index.ts';

type Parameter = { name: string; in: string; required?: boolean; description?: string; schema: Record<string, unknown> };
type Document = { paths: Record<string, Record<string, { parameters?: Parameter[] }>> };

const introduction = `
Made by \`node scripts/gen.ts\` from the routes in \`src/http/routes\`; \`GET /openapi.json\` has the same with every schema.

- Keys: \`authorization: Bearer ld_…\` or \`x-api-key: ld_…\`. A host on a loopback address with no key made yet is open.
- Every answer has \`x-request-id\`: the one of the request, if it is sane, or a fresh one. Errors are [problems](errors.md).
- Every list is \`{"items": […], "next_cursor": …}\`. Times are RFC 3339 in UTC. Unknown query parameters are refused.
`;

/** The reference of the HTTP API, Markdown, from the routes. */
export function httpPage(): string {
  const { paths } = openapiOf(routes, '0') as Document;
  const sections = [...Map.groupBy(routes, ({ tag }) => tag)].flatMap(([tag, of]) => [
    `## ${tag.charAt(0).toUpperCase()}${tag.slice(1)}`,
    '',
    ...of.flatMap((route) => sectionOf(route, paths[route.path]![route.method.toLowerCase()]!.parameters ?? [])),
  ]);
  return ['# HTTP API', introduction, ...sections].join('\n');
}

function sectionOf({ method, path, aliases = [], summary, description, scope }: Route, parameters: Parameter[]): string[] {
  const also = aliases.length > 0 ? ` (also \`${aliases.join('`, `')}\`)` : '';
  const who = scope === 'none' ? 'Anybody may call it.' : `Scope \`${scope}\`.`;
  const queried = parameters.filter((parameter) => parameter.in === 'query');
  return [
    `### \`${method} ${path}\``,
    '',
    `${summary}${also}. ${description ? `${description} ` : ''}${who}`,
    '',
    ...queried.map(
      ({ name, description: what, schema }) => `- \`${name}\`: ${[what ?? describe(schema), defaultOf(schema)].filter(Boolean).join('; ')}`,
    ),
    ...(queried.length > 0 ? [''] : []),
  ];
}

function describe(schema: Record<string, unknown>): string {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => `\`${value}\``).join(' or ');
  if (schema.type === 'integer') return `${schema.minimum} to ${schema.maximum}`;
  return String(schema.type ?? 'any');
}

const defaultOf = ({ default: value, example }: Record<string, unknown>): string =>
  [value === undefined ? '' : `\`${value}\` unless given`, example === undefined ? '' : `like \`${example}\``].filter(Boolean).join('; ');
