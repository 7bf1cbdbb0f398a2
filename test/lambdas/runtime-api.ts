import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a function made of an invocation. `body` is the payload as it was sent, of a stream without its prelude. */
export type Invoked =
  | { kind: 'answered'; payload: unknown }
  | { kind: 'failed'; error: { errorType: string; errorMessage: string; trace?: string[] } }
  | { kind: 'timed out' }
  | { kind: 'crashed'; code: number | null };

/** A streamed answer, while it comes. */
export type Streamed = { statusCode: number; headers: Record<string, string>; chunks: AsyncIterable<Buffer> };

type Invocation = {
  id: string;
  event: string;
  deadlineMs: number;
  settle(outcome: Invoked): void;
  stream: ((answer: Streamed) => void) | undefined;
};

const version = '/2018-06-01/runtime';
/** Between the JSON prelude of a streamed HTTP answer and its body stand eight zero bytes. */
const prelude = Buffer.alloc(8);
const streamingType = 'application/vnd.awslambda.http-integration-response';

/**
 * Speaks the Runtime API of Lambda (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) to one execution environment: one invocation
 * at a time, answers whole or streamed, errors of an invocation and of the start.
 */
export class RuntimeApi {
  readonly #server = createServer(
    (request, response) => void this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error)),
  );
  #waiting: ServerResponse | undefined;
  #queued: Invocation | undefined;
  #current: Invocation | undefined;
  /** What the function said when it could not start. */
  initError: { errorType: string; errorMessage: string } | undefined;
  readonly #arn: string;

  constructor(name: string) {
    this.#arn = `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
  }

  /** Listens on a free port; resolves to `host:port`. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** Hands an event to the function. `stream` is told of a streamed answer at its first bytes. */
  invoke(event: unknown, timeoutMs: number, stream?: (answer: Streamed) => void): Promise<Invoked> {
    if (this.#current || this.#queued) throw new Error('an execution environment takes one invocation at a time');
    return new Promise((resolve) => {
      const settle = (outcome: Invoked) => {
        this.#current = undefined;
        this.#queued = undefined;
        resolve(outcome);
      };
      this.#queued = { id: randomUUID(), event: JSON.stringify(event), deadlineMs: Date.now() + timeoutMs, settle, stream };
      this.#handOut();
    });
  }

  /** Ends the invocation under way from outside: its process is gone, or its time is up. */
  end(outcome: Invoked): void {
    (this.#current ?? this.#queued)?.settle(outcome);
    this.#waiting = undefined;
  }

  #handOut(): void {
    if (!this.#waiting || !this.#queued) return;
    const { id, event, deadlineMs } = this.#queued;
    this.#current = this.#queued;
    this.#queued = undefined;
    const response = this.#waiting;
    this.#waiting = undefined;
    response.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': id,
      'lambda-runtime-deadline-ms': deadlineMs,
      'lambda-runtime-invoked-function-arn': this.#arn,
      'lambda-runtime-trace-id': `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomUUID().replaceAll('-', '').slice(0, 24)}`,
    });
    response.end(event);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '';
    if (url === `${version}/invocation/next`) {
      this.#waiting = response;
      this.#handOut();
      return;
    }
    if (url === `${version}/init/error`) {
      this.initError = JSON.parse(String(await wholeOf(request)));
      this.end({ kind: 'failed', error: this.initError! });
      accepted(response);
      return;
    }
    const [, id, what] = new RegExp(`^${version}/invocation/([^/]+)/(response|error)$`).exec(url) ?? [];
    const current = this.#current;
    if (!current || current.id !== id) {
      response.writeHead(400).end('{"errorMessage":"no such invocation","errorType":"InvalidRequestID"}');
      return;
    }
    if (what === 'error') {
      const error = JSON.parse(String(await wholeOf(request)));
      accepted(response);
      current.settle({ kind: 'failed', error });
    } else if (request.headers['lambda-runtime-function-response-mode'] === 'streaming') {
      await this.#takeStream(current, request);
      accepted(response);
    } else {
      const payload: unknown = JSON.parse(String(await wholeOf(request)));
      accepted(response);
      current.settle({ kind: 'answered', payload });
    }
  }

  async #takeStream(current: Invocation, request: IncomingMessage): Promise<void> {
    const chunks = request.iterator();
    let head = Buffer.alloc(0);
    let cut = 0;
    if (request.headers['content-type'] === streamingType) {
      for (cut = -1; cut < 0; cut = head.indexOf(prelude)) {
        const next = await chunks.next();
        if (next.done) throw new Error('the stream ended within its prelude');
        head = Buffer.concat([head, next.value as Buffer]);
      }
    }
    const metadata = cut > 0 ? JSON.parse(String(head.subarray(0, cut))) : {};
    const rest = cut > 0 ? head.subarray(cut + prelude.length) : head;
    const ended = Promise.withResolvers<void>();
    async function* body(): AsyncGenerator<Buffer> {
      try {
        if (rest.length > 0) yield rest;
        for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value as Buffer;
      } finally {
        ended.resolve();
      }
    }
    const source = body();
    if (current.stream) current.stream({ statusCode: metadata.statusCode ?? 200, headers: metadata.headers ?? {}, chunks: source });
    else for await (const _chunk of source);
    await ended.promise;
    const trailer = request.trailers['lambda-runtime-function-error-body'];
    current.settle(
      trailer === undefined
        ? { kind: 'answered', payload: metadata }
        : { kind: 'failed', error: JSON.parse(String(Buffer.from(String(trailer), 'base64'))) },
    );
  }
}

const accepted = (response: ServerResponse) => response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');

async function wholeOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
