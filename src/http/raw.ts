import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, bodyText, commonHeaders } from './answer.ts';
import { ClientGone } from './exchange.ts';

/** Bodies up to here are read in one piece; larger ones, and those of unknown length, are handed on as they arrive. */
const wholeBytes = 1024 * 1024;
/** How much of a refused body is still read, and for how long, so that the client sees the answer before the connection closes. */
const lingerBytes = 1024 * 1024;
const lingerMs = 1_000;

/** Bodies up to here are read into memory that is used again and again: each megabyte allocated outside the heap brings the next collection nearer. */
const reusedBytes = 256 * 1024;
const maxSpare = 64;
const spare: Buffer[] = [];
const reused = new WeakSet<ArrayBufferLike>();

function bufferOf(length: number): Buffer {
  if (length > reusedBytes) return Buffer.allocUnsafeSlow(length);
  const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(reusedBytes);
  reused.add(buffer.buffer);
  return buffer.subarray(0, length);
}

/** Takes the memory of a body back, once nobody reads it any more. */
export function releaseBody(body: Uint8Array | AsyncIterable<Uint8Array>): void {
  if (!(body instanceof Uint8Array) || !reused.has(body.buffer) || spare.length === maxSpare) return;
  spare.push(Buffer.from(body.buffer as ArrayBuffer));
}

/**
 * The body of a request: its bytes when it is small, to be given to `releaseBody` when they are done with, else its chunks, bounded by whoever
 * reads them. Rejects with ClientGone.
 */
export function bodyOf(request: IncomingMessage): Promise<Uint8Array> | AsyncIterable<Uint8Array> {
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  // The iterator must not destroy the request when its reader stops early: the answer goes out over the same socket.
  return length <= wholeBytes ? wholeBody(request, length) : chunksOf(request);
}

async function* chunksOf(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* request.iterator({ destroyOnReturn: false });
  } catch (thrown) {
    throw request.errored ? new ClientGone() : thrown;
  }
}

function wholeBody(request: IncomingMessage, length: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let whole: Buffer | undefined;
    let at = 0;
    request.on('data', (chunk: Buffer) => {
      if (at === 0 && chunk.length === length) first = chunk;
      else {
        whole ??= bufferOf(length);
        whole.set(chunk, at);
      }
      at += chunk.length;
    });
    request.on('end', () => resolve(first ?? whole ?? new Uint8Array(0)));
    request.on('error', () => reject(new ClientGone()));
    request.on('close', () => {
      if (!request.complete) reject(new ClientGone());
    });
  });
}

/** Writes an answer that is no stream. Where the request's body was not read to its end, the connection closes after it. */
export function writeAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer, headers: Record<string, string>): void {
  if (response.destroyed) return;
  const body = bodyText(answer);
  const content = body?.text ?? '';
  const head: Record<string, string | number> = {
    ...commonHeaders,
    ...headers,
    ...answer.headers,
    'content-length': Buffer.byteLength(content),
  };
  if (body) head['content-type'] = body.type;
  const unread = !request.complete;
  if (unread && request.httpVersionMajor === 1) head.connection = 'close';
  response.writeHead(answer.status, head);
  if (!unread) {
    // As a string it goes out with the head in one write.
    response.end(content);
    return;
  }
  response.write(content);
  linger(request, () => response.end());
}

/** Reads on, and throws away, what the client was sending when it was refused: within bounds. A connection closed at once would take the answer with it. */
function linger(request: IncomingMessage, done: () => void): void {
  let bytes = 0;
  let over = false;
  const stop = () => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    request.pause();
    done();
  };
  const timer = setTimeout(stop, lingerMs);
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > lingerBytes) stop();
  });
  request.on('end', stop).on('error', stop).on('close', stop);
  request.resume();
}
