import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a rule sees it: `operation` is the last part of `x-amz-target`, or the method where a service has none. */
export type Seen = { operation: string; path: string; headers: IncomingMessage['headers']; body: string; count: number };

/**
 * What happens to a request: it never gets there (`refuse`); it is done and its answer lost (`lose`); it is done and nobody ever answers (`hang`);
 * its answer breaks off in the middle (`cut`) or has a byte changed (`corrupt`); or it is answered by the proxy itself.
 */
export type Fault = 'refuse' | 'lose' | 'hang' | 'cut' | 'corrupt' | { status: number; body: string; headers?: Record<string, string> };

/** An HTTP proxy before a service that does to requests what `rule` says, and passes the others on. */
export class FaultyProxy {
  rule: (seen: Seen) => Fault | undefined = () => undefined;
  readonly seen: Seen[] = [];
  readonly #target: URL;
  readonly #server: Server;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => this.#handle(request, Buffer.concat(chunks), response));
      request.on('error', () => response.destroy());
    });
  }

  static async start(target: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Lets everything pass again and forgets what was seen. */
  reset(): void {
    this.rule = () => undefined;
    this.seen.length = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const operation = String(request.headers['x-amz-target'] ?? request.method).replace(/^.*\./, '');
    const count = this.seen.filter((before) => before.operation === operation).length;
    const seen = { operation, path: request.url ?? '', headers: request.headers, body: body.toString(), count };
    this.seen.push(seen);
    const fault = this.rule(seen);
    if (fault === 'refuse') return void request.socket.destroy();
    if (typeof fault === 'object') return void response.writeHead(fault.status, fault.headers).end(fault.body);
    const { hostname, port } = this.#target;
    const onward = forward({ hostname, port, method: request.method, path: request.url, headers: request.headers }, (answer) => {
      if (fault === 'lose') answer.resume().on('end', () => request.socket.destroy());
      else if (fault === 'hang') answer.resume();
      else if (fault === 'cut' || fault === 'corrupt') void spoil(answer, response, fault);
      else answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers));
    });
    onward.on('error', () => request.socket.destroy());
    onward.end(body);
  }
}

async function spoil(answer: IncomingMessage, response: ServerResponse, how: 'cut' | 'corrupt'): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const middle = bytes.length >> 1;
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  if (how === 'cut') {
    response.write(bytes.subarray(0, middle), () => response.destroy());
    return;
  }
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  response.end(bytes);
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
