import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { Code, ConnectError, createContextValues } from '@connectrpc/connect';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import type { Platform } from '../../pipeline/platform.ts';
import type { HeaderReader } from '../exchange.ts';
import type { HttpOptions } from '../options.ts';
import { headerKey } from './call.ts';
import { rpcHandlers } from './router.ts';

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** Serves one call, over HTTP/1.1 or HTTP/2; false for a path that is no method. */
export type RpcListener = (request: Request, response: Response, path: string) => boolean;

/** Makes the Node listener of the RPCs. */
export function rpcListener(platform: Platform, options: HttpOptions): RpcListener {
  const handlers = rpcHandlers(platform, options);
  return (request, response, path) => {
    const handle = handlers.get(path);
    if (!handle) return false;
    void (async () => {
      const values = createContextValues().set(headerKey, headersOf(request));
      const answered = await handle(universalRequestFromNodeRequest(request, response, undefined, values));
      await universalResponseToNodeResponse(answered, response);
    })().catch((thrown: unknown) => {
      if (ConnectError.from(thrown).code !== Code.Aborted) options.log.debug({ path, error: thrown }, 'call could not be answered');
      if (!response.headersSent) response.statusCode = 400;
      response.end();
    });
    return true;
  };
}

function headersOf({ headers }: Request): HeaderReader {
  return (name) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
}
