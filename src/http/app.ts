import { Hono, type Context as HonoContext } from 'hono';
import { AppError } from '../core/errors.ts';
import type { Caller, Platform } from '../pipeline/platform.ts';
import { type Answer, bodyText, commonHeaders } from './answer.ts';
import { authenticate } from './authenticate.ts';
import { answerFailure, begin, type Exchange, exchangeHeaders, finish } from './exchange.ts';
import { negotiate } from './negotiate.ts';
import type { HttpOptions } from './options.ts';
import { check, readQuery, refuseQuery } from './parameters.ts';
import { maxBytesOf, mediaTypeOf, parseJson, readText } from './read-body.ts';
import type { Content, Route } from './route.ts';
import { routes } from './routes/index.ts';

const nobody: Caller = { tenant: '', keyId: '', scopes: [] };

/** Makes the whole HTTP API as one fetch-style app; Node and Lambda serve the same. */
export function createApp(platform: Platform, options: HttpOptions): Hono {
  const app = new Hono();
  const byPath = Map.groupBy(
    routes.flatMap((route) => [route.path, ...(route.aliases ?? [])].map((path) => ({ path, route }))),
    ({ path }) => path,
  );
  // A path without parameters goes before one that would take it for a parameter: `/api/logs/tail` is no record.
  const inOrder = [...byPath].sort(([a], [b]) => Number(a.includes('{')) - Number(b.includes('{')));
  for (const [path, entries] of inOrder) {
    const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1');
    for (const { route } of entries) {
      app.on(route.method, pattern, (context) =>
        serve(options, route.path, context, (exchange) => run(platform, options, route, exchange, context), route.spellFailure),
      );
    }
    const allow = entries.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method])).join(', ');
    app.all(pattern, (context) => serve(options, path, context, (exchange) => refuseMethod(options, exchange, allow)));
  }
  app.notFound((context) =>
    serve(options, 'unmatched', context, () => {
      throw new AppError('NOT_FOUND', `there is no ${context.req.path.slice(0, 200)}; GET /openapi.json lists what there is`);
    }),
  );
  return app;
}

async function serve(
  options: HttpOptions,
  path: string,
  context: HonoContext,
  work: (exchange: Exchange) => Answer | Promise<Answer>,
  spellFailure: Route['spellFailure'] = undefined,
): Promise<Response> {
  const { raw } = context.req;
  const exchange = begin(options, raw.method, path, (name) => raw.headers.get(name) ?? undefined);
  const answer = await Promise.resolve(exchange)
    .then(work)
    .catch((thrown) => {
      const problem = answerFailure(options, exchange, thrown);
      return spellFailure ? spellFailure(thrown, problem, exchange) : problem;
    });
  finish(options, exchange, answer.status);
  return toResponse(answer, exchangeHeaders(options, exchange), raw.method === 'HEAD');
}

/** Checks what a route promises to check, then runs its handler. */
async function run(platform: Platform, options: HttpOptions, route: Route, exchange: Exchange, context: HonoContext): Promise<Answer> {
  const { header } = exchange;
  const { raw } = context.req;
  const caller = route.scope === 'none' ? nobody : await authenticate(platform, header, route.scope);
  if (caller !== nobody) {
    exchange.tenant = caller.tenant;
    exchange.keyId = caller.keyId;
  }
  const url = new URL(raw.url);
  if (!route.query) refuseQuery(url);
  exchange.waits = route.waits ?? false;
  return route.handle({
    platform,
    options,
    caller,
    path: route.pathParameters ? check(route.pathParameters, context.req.param(), 'INVALID_PARAMETER') : {},
    query: route.query ? readQuery(route.query, url) : {},
    answerType: negotiate(header('accept'), offeredBy(route)),
    body: route.body?.checked ? await readJson(raw, route.body.content, route.body.required ?? true, options) : undefined,
    request: raw,
    requestId: exchange.requestId,
    exchange,
    header,
    log: options.log.with({ request_id: exchange.requestId, tenant: caller.tenant }),
  });
}

/** The media types of a route's good answers; a call that answers nothing can be asked by anybody. */
function offeredBy({ answers }: Route): string[] {
  const types = Object.values(answers).flatMap(({ content }) => Object.keys(content ?? {}));
  return types.length === 0 ? ['application/json'] : [...new Set(types)];
}

async function readJson(request: Request, content: Content, required: boolean, options: HttpOptions): Promise<unknown> {
  const type = mediaTypeOf(request.headers.get('content-type'));
  if (type !== undefined && type !== 'application/json' && !type.endsWith('+json')) {
    throw new AppError('MEDIA_TYPE', `this call takes application/json, not ${type.slice(0, 100)}`);
  }
  const body = await readText(request, maxBytesOf(options));
  if (body.trim() === '' && !required) return undefined;
  return check(content['application/json']!, parseJson(body), 'INVALID_BODY', 'body');
}

function refuseMethod(options: HttpOptions, exchange: Exchange, allow: string): Answer {
  const answer = answerFailure(
    options,
    exchange,
    new AppError('METHOD_NOT_ALLOWED', `this path takes ${allow}, not ${exchange.method.slice(0, 20)}`),
  );
  return { ...answer, headers: { ...answer.headers, allow } };
}

function toResponse(answer: Answer, headers: Record<string, string>, headOnly: boolean): Response {
  const body = bodyText(answer);
  const type = body?.type ?? (answer.kind === 'stream' || answer.kind === 'bytes' ? answer.type : undefined);
  const init = {
    status: answer.status,
    headers: { ...commonHeaders, ...headers, ...answer.headers, ...(type ? { 'content-type': type } : {}) },
  };
  if (answer.kind === 'bytes') return new Response(headOnly ? null : answer.bytes.slice(), init);
  if (answer.kind !== 'stream') return new Response(headOnly ? null : (body?.text ?? null), init);
  if (!headOnly) return new Response(answer.stream, init);
  void answer.stream.cancel();
  return new Response(null, init);
}
