import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { AppError, type ErrorCode, problemOf } from '../core/errors.ts';
import { problemMediaType } from './answer.ts';
import { speakHttp2 } from './one-port.ts';

/**
 * What a Node server needs to be safe from slow and greedy clients: the head of a request in 10 s and 16 KiB, the whole of it in 60 s,
 * idle connections closed after 65 s (longer than the 60 s of common load balancers).
 */
export const serverOptions: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16 * 1024,
  noDelay: true,
};

const maxConnections = 10_000;

export type HttpServerOptions = {
  /** A larger body that asks first (`expect: 100-continue`) is refused before it is sent. Bytes. */
  maxBodyBytes: number;
  /** In place of single {@link serverOptions}. */
  server?: ServerOptions;
};

/** Makes a server of HTTP/1.1 and cleartext HTTP/2 that does not listen yet. What never becomes a request is answered as a problem too. */
export function createHttpServer(listener: RequestListener, { maxBodyBytes, server: change }: HttpServerOptions): Server {
  const server = createServer({ ...serverOptions, ...change }, listener);
  server.maxConnections = maxConnections;
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // Without the go-ahead the client does not send, and the listener refuses by the announced length.
    if (Number(request.headers['content-length'] ?? 0) <= maxBodyBytes) response.writeContinue();
    listener(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const [code, detail] = faults[error.code ?? ''] ?? ['INVALID_PARAMETER', 'the bytes are no HTTP/1.1 request'];
    const problem = problemOf(new AppError(code, detail));
    const body = JSON.stringify(problem);
    const head = [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      `content-type: ${problemMediaType}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  });
  speakHttp2(server, listener);
  return server;
}

const faults: Record<string, [ErrorCode, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'the request did not arrive in time; send it faster, or less at once'],
  HPE_HEADER_OVERFLOW: ['INVALID_PARAMETER', `the headers are larger than ${serverOptions.maxHeaderSize} bytes`],
};
