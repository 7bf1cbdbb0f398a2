import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Platform } from '../pipeline/platform.ts';
import { type Answer, jsonMediaType } from './answer.ts';
import { authenticate } from './authenticate.ts';
import { answerFailure, begin, type Exchange, exchangeHeaders, finish, type HeaderReader } from './exchange.ts';
import { type IngestQuery, ingest, ingestPaths } from './ingest.ts';
import { negotiate } from './negotiate.ts';
import type { HttpOptions } from './options.ts';
import { type Probe, probes } from './probes.ts';
import { bodyOf, releaseBody, writeAnswer } from './raw.ts';
import type { RpcListener } from './rpc/serve-node.ts';

const jsonOnly = [jsonMediaType];
const noQuery: IngestQuery = {};
/** Paths of RPCs: `/logdrive.v1.QueryService/QueryLogs`. */
const rpcPrefix = '/logdrive.v1.';
const ingestRoutes: ReadonlySet<string> = new Set(ingestPaths);

/**
 * Makes the Node listener of the whole API. Ingest and the probes are answered without the app's request and response objects (a test holds
 * both ways equal); the app, with the router and the schemas, is loaded with the first call of anything else, and so are the RPCs, so that a
 * host that only takes records in starts sooner and stays smaller.
 */
export function createListener(platform: Platform, options: HttpOptions): RequestListener {
  let site: Promise<(request: IncomingMessage, response: ServerResponse) => unknown> | undefined;
  const loadSite = () => {
    site ??= openSite(platform, options);
    return site;
  };
  let rpc: Promise<RpcListener> | undefined;
  const loadRpc = () => {
    rpc ??= import('./rpc/serve-node.ts').then(({ rpcListener }) => rpcListener(platform, options));
    return rpc;
  };
  return (request, response) => {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    if (request.method === 'POST' && ingestRoutes.has(path)) {
      void exchangeRaw(options, request, response, '/logs', (exchange) =>
        takeIn(platform, options, request, response, exchange, mark < 0 ? '' : url),
      );
      return;
    }
    const probe: Probe | undefined = request.method === 'GET' && mark < 0 ? probes[path] : undefined;
    if (probe) {
      void exchangeRaw(options, request, response, path, (exchange) => {
        negotiate(exchange.header('accept'), jsonOnly);
        return probe(platform, options);
      });
      return;
    }
    if (path.startsWith(rpcPrefix) && path.indexOf('/', 1) > 0) {
      void loadRpc().then(
        (serve) => {
          if (!serve(request, response, path)) void loadSite().then((site) => site(request, response));
        },
        (thrown: unknown) => exchangeRaw(options, request, response, 'unmatched', () => Promise.reject(thrown)),
      );
      return;
    }
    void loadSite().then(
      (serve) => serve(request, response),
      (thrown: unknown) => exchangeRaw(options, request, response, 'unmatched', () => Promise.reject(thrown)),
    );
  };
}

async function openSite(platform: Platform, options: HttpOptions) {
  const [{ getRequestListener }, { createApp }] = await Promise.all([import('@hono/node-server'), import('./app.ts')]);
  const { fetch } = createApp(platform, options);
  // What cannot become a fetch request (a malformed Host header, say) fails before the app sees it.
  const errorHandler = (thrown: unknown) => {
    options.log.debug({ error: thrown }, 'request could not be read');
    return new Response(null, { status: 400 });
  };
  return getRequestListener(fetch, { errorHandler });
}

async function exchangeRaw(
  options: HttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
  route: string,
  work: (exchange: Exchange) => Promise<Answer> | Answer,
): Promise<void> {
  const { headers } = request;
  const header: HeaderReader = (name) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  const exchange = begin(options, request.method ?? '', route, header);
  let answer: Answer;
  try {
    answer = await work(exchange);
  } catch (thrown) {
    answer = answerFailure(options, exchange, thrown);
  }
  finish(options, exchange, answer.status);
  writeAnswer(request, response, answer, exchangeHeaders(options, exchange));
}

async function takeIn(
  platform: Platform,
  options: HttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
  url: string,
): Promise<Answer> {
  const caller = await authenticate(platform, exchange.header, 'ingest');
  exchange.tenant = caller.tenant;
  exchange.keyId = caller.keyId;
  const query = url === '' ? noQuery : await readIngestQuery(url);
  negotiate(exchange.header('accept'), jsonOnly);
  exchange.waits = query.wait !== undefined;
  const gone = query.wait ? goneOf(response) : undefined;
  const body = await bodyOf(request);
  try {
    return await ingest(platform, options, { exchange, caller, query, body, gone });
  } finally {
    releaseBody(body);
  }
}

/** The schemas are loaded with the first ingest call that has a query. */
async function readIngestQuery(url: string): Promise<IngestQuery> {
  const [{ readQuery }, { ingestQuery }] = await Promise.all([import('./parameters.ts'), import('./schemas/ingest.ts')]);
  return readQuery(ingestQuery, new URL(url, 'http://localhost'));
}

function goneOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}
