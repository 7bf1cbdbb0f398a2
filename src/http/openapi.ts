import { createDocument, type ZodOpenApiContentObject, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { type ErrorCode, errorTable } from '../core/errors.ts';
import type { Content, Route } from './route.ts';
import { problem } from './schemas/common.ts';

/** Codes that a route may answer for what it is, besides those it names. */
function codesOf({ scope, body, errors = [] }: Route): ErrorCode[] {
  const codes: ErrorCode[] = ['INVALID_PARAMETER', 'NOT_ACCEPTABLE', 'INTERNAL', 'STORE_UNAVAILABLE', 'SHUTTING_DOWN'];
  if (scope !== 'none') codes.push('UNAUTHENTICATED', 'SCOPE_MISSING', 'FORBIDDEN_ORIGIN', 'QUERY_TIMEOUT');
  if (body) codes.push('INVALID_BODY', 'BODY_TOO_LARGE', 'MEDIA_TYPE', 'REQUEST_TIMEOUT');
  return [...new Set([...codes, ...errors])];
}

const headersOfAll = { 'x-request-id': { description: 'Names the request in the log', schema: { type: 'string' as const } } };
const retryAfter = { 'retry-after': { description: 'Seconds', schema: { type: 'integer' as const } } };

/** Spells all routes as an OpenAPI 3.1 document: the same schemas that check requests, so the two cannot drift. */
export function openapiOf(routes: readonly Route[], version: string): unknown {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    for (const [i, path] of [route.path, ...(route.aliases ?? [])].entries()) {
      const operationId =
        i === 0 ? route.operationId : `${route.operationId}At${path.replaceAll(/\W+(\w)/g, (_, first: string) => first.toUpperCase())}`;
      paths[path] = { ...paths[path], [route.method.toLowerCase()]: { ...operationOf(route), operationId } };
    }
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Logdrive',
      version,
      description: 'Takes logs in, keeps them, finds them, and accounts for every one. Errors are RFC 9457 problems with a stable `code`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { apiKey: [] }, {}],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key: `ld_...`' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
    },
  });
}

function operationOf(route: Route): ZodOpenApiOperationObject {
  const { tag, summary, description, pathParameters, query, body, scope } = route;
  return {
    tags: [tag],
    summary,
    description: [description, scope === 'none' ? undefined : `Scope: \`${scope}\`.`].filter(Boolean).join('\n\n'),
    ...(scope === 'none' ? { security: [{}] } : {}),
    ...(pathParameters || query
      ? { requestParams: { ...(pathParameters ? { path: pathParameters } : {}), ...(query ? { query } : {}) } }
      : {}),
    ...(body ? { requestBody: { required: body.required ?? true, content: contentOf(body.content) } } : {}),
    responses: responsesOf(route),
  };
}

function responsesOf(route: Route): ZodOpenApiOperationObject['responses'] {
  const responses: ZodOpenApiOperationObject['responses'] = {};
  for (const [status, { description, content }] of Object.entries(route.answers)) {
    responses[status as '200'] = { description, headers: headersOfAll, ...(content ? { content: contentOf(content) } : {}) };
  }
  const byStatus = Map.groupBy(codesOf(route), (code) => route.failureStatus?.(code) ?? errorTable[code].status);
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    const lines = codes.map((code) => `\`${code}\`: ${errorTable[code].title}.`);
    const key = String(status) as '400';
    const good = responses[key];
    const content = route.failures ? contentOf(route.failures) : { 'application/problem+json': { schema: problem } };
    const headers = codes.some((code) => errorTable[code].retry === 'later') ? { ...headersOfAll, ...retryAfter } : headersOfAll;
    responses[key] = good
      ? {
          ...good,
          description: [(good as { description: string }).description, ...lines].join('\n\n'),
          content: { ...('content' in good ? good.content : {}), ...content },
        }
      : { description: lines.join('\n\n'), headers, content };
  }
  return responses;
}

const contentOf = (content: Content): ZodOpenApiContentObject =>
  Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, schema ? { schema } : {}]));
