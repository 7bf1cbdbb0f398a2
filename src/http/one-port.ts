import type { RequestListener, Server } from 'node:http';
import type { Http2Server, Http2ServerRequest, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** How every HTTP/2 connection with prior knowledge begins (RFC 9113, section 3.4). No HTTP/1 request begins with its first four bytes. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** A connection without a stream is closed after this silence, as HTTP/1 connections are. */
const idleMs = 65_000;
/** The whole of a call must arrive within this, as requests of HTTP/1 must. */
const requestMs = 60_000;
/**
 * Node counts a stream until its objects are gone, a moment after the client has seen it end; a client at the limit is then refused for no fault of its own.
 * So the limit is well above what clients open at once, and the memory of a connection is what bounds it.
 */
const maxStreams = 1_000;
const maxHeaderBytes = 16 * 1024;
/** Memory of one connection, in megabytes. */
const maxSessionMemory = 32;

/**
 * Makes an HTTP/1 server speak cleartext HTTP/2 on the same port, to clients that begin with it (h2c with prior knowledge, as gRPC clients do): the first
 * bytes of a connection decide. HTTP/2 is loaded with its first connection. The HTTP/1 server keeps listening, so its limits stay in force; its
 * `close` functions close the others too.
 */
export function speakHttp2(server: Server, listener: RequestListener): void {
  const undecided = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let loading: Promise<Http2Server> | undefined;
  let isClosing = false;
  const serveHttp2 = async (socket: Socket) => {
    socket.on('error', ignore);
    loading ??= openHttp2(listener, sessions);
    const http2 = await loading;
    socket.off('error', ignore);
    if (isClosing || socket.destroyed) socket.destroy();
    else http2.emit('connection', socket);
  };

  const [serveHttp1] = server.listeners('connection') as [(socket: Socket) => void];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    undecided.add(socket);
    firstBytes(socket, server.headersTimeout, (isHttp2) => {
      undecided.delete(socket);
      if (isHttp2 === undefined) socket.destroy();
      else if (isHttp2) void serveHttp2(socket);
      else serveHttp1.call(server, socket);
    });
  });

  const { close, closeAllConnections, closeIdleConnections } = server;
  server.close = (done) => {
    isClosing = true;
    // GOAWAY: calls under way are answered, no new ones are taken.
    for (const session of sessions) session.close();
    return close.call(server, done);
  };
  server.closeIdleConnections = () => {
    for (const socket of undecided) socket.destroy();
    closeIdleConnections.call(server);
  };
  server.closeAllConnections = () => {
    for (const socket of undecided) socket.destroy();
    for (const session of sessions) session.destroy();
    closeAllConnections.call(server);
  };
}

const ignore = () => {};

/**
 * Looks at the first bytes of a connection without taking them: true for HTTP/2, false for anything else, undefined where it broke, or said nothing for too
 * long. A beginning such as `P` may still become POST, so it waits.
 */
function firstBytes(socket: Socket, timeoutMs: number, done: (isHttp2: boolean | undefined) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const settle = (isHttp2: boolean | undefined) => {
    socket.off('readable', look).off('error', giveUp).off('timeout', giveUp).off('close', giveUp).off('end', giveUp).setTimeout(0);
    if (seen.length > 0) socket.unshift(seen);
    done(isHttp2);
  };
  const giveUp = () => settle(undefined);
  const look = () => {
    const more: Buffer | null = socket.read();
    if (!more) return;
    seen = seen.length === 0 ? more : Buffer.concat([seen, more]);
    const known = Math.min(seen.length, preface.length);
    if (seen.compare(preface, 0, known, 0, known) !== 0) settle(false);
    else if (seen.length >= preface.length) settle(true);
  };
  socket.on('readable', look).on('error', giveUp).on('timeout', giveUp).on('close', giveUp).on('end', giveUp).setTimeout(timeoutMs);
}

/** HTTP/2 names the host as `:authority`: who looks at the header `host` finds it there. */
function nameHost({ headers, rawHeaders, authority }: Http2ServerRequest): void {
  if (!authority) return;
  headers.host = authority;
  rawHeaders.push('host', authority);
}

async function openHttp2(listener: RequestListener, sessions: Set<ServerHttp2Session>): Promise<Http2Server> {
  const { createServer } = await import('node:http2');
  const settings = { maxConcurrentStreams: maxStreams, maxHeaderListSize: maxHeaderBytes };
  const http2 = createServer({ settings, maxSessionMemory });
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', ignore); // it closes; a call under way is told by its stream
    session.setTimeout(idleMs, () => session.close());
  });
  http2.on('sessionError', ignore);
  http2.on('stream', (stream) => {
    const timer = setTimeout(() => stream.close(), requestMs);
    const stop = () => clearTimeout(timer);
    stream.once('end', stop).once('close', stop);
  });
  http2.on('request', (request, response) => {
    nameHost(request);
    request.on('error', ignore); // the stream is reset; whoever reads the body is told
    // The compatibility layer of node:http2 has what the listener uses of HTTP/1.
    listener(request as never, response as never);
  });
  return http2;
}
