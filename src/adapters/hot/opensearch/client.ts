import { type IncomingMessage, Agent as PlainAgent, request as requestPlain } from 'node:http';
import { request as requestTls, Agent as TlsAgent } from 'node:https';
import { AppError } from '../../../core/errors.ts';
import { cancelled } from '../../../query/budget.ts';
import { type Credentials, signV4 } from './sigv4.ts';

/** How requests are authenticated: not at all, by name and password, or signed with a role's credentials (`es`, or `aoss` for Serverless). */
export type Auth =
  | { kind: 'none' }
  | { kind: 'basic'; username: string; password: string }
  | { kind: 'sigv4'; region: string; service?: 'es' | 'aoss'; credentials: () => Promise<Credentials> };

export type ClientOptions = {
  /** `http(s)://host[:port]`. */
  url: string;
  auth?: Auth;
  /** How long one request may take. */
  timeoutMs?: number;
  maxSockets?: number;
};

export type Answer = { status: number; body: Buffer };

/** What a node answered with a status of 400 or more that says that the request is at fault. */
export class Refused extends Error {
  readonly status: number;
  readonly type: string;
  readonly reason: string;

  constructor(status: number, body: Buffer) {
    const { type, reason } = causeOf(body);
    super(`${status} ${type}: ${reason}`);
    this.status = status;
    this.type = type;
    this.reason = reason;
  }
}

const busy = new Set([408, 429, 500, 502, 503, 504]);

/** Statuses that are no refusal; and who no longer waits: the node cancels what it does for a connection that is gone. */
type JsonOptions = { accepted?: readonly number[]; signal?: AbortSignal | undefined };

/**
 * Speaks HTTP with OpenSearch over connections that stay open: no retries, no pool of nodes, since a domain has one address.
 * Measured against the official client in `bench/opensearch.ts`.
 */
export class OpenSearchClient {
  readonly #url: URL;
  readonly #auth: Auth;
  readonly #timeoutMs: number;
  readonly #agent: PlainAgent | TlsAgent;
  readonly #request: typeof requestPlain;

  constructor({ url, auth = { kind: 'none' }, timeoutMs = 30_000, maxSockets = 16 }: ClientOptions) {
    this.#url = new URL(url);
    this.#auth = auth;
    this.#timeoutMs = timeoutMs;
    const isTls = this.#url.protocol === 'https:';
    this.#agent = new (isTls ? TlsAgent : PlainAgent)({ keepAlive: true, maxSockets });
    this.#request = isTls ? requestTls : requestPlain;
  }

  /**
   * Sends JSON (or NDJSON, as bytes) and reads JSON.
   * @throws AppError STORE_UNAVAILABLE when there is no answer, or one that says later
   * @throws Refused when the node refuses the request, but for the statuses in `accepted`
   */
  async json<T>(method: string, path: string, body?: unknown, { accepted = [], signal }: JsonOptions = {}): Promise<T> {
    const { status, body: answer } = await this.send(method, path, body, {}, signal);
    if (busy.has(status)) {
      const { type, reason } = causeOf(answer);
      throw new AppError('STORE_UNAVAILABLE', `the hot store answered ${status}: ${type}: ${reason}`, { retryAfterS: 1 });
    }
    if (status >= 400 && !accepted.includes(status)) throw new Refused(status, answer);
    return (answer.length === 0 ? undefined : JSON.parse(answer.toString('utf8'))) as T;
  }

  /**
   * Sends and gives whatever was answered. `given` are headers in place of, or besides, the client's own.
   * @throws AppError STORE_UNAVAILABLE when there is no answer
   */
  async send(method: string, path: string, body?: unknown, given: Record<string, string> = {}, signal?: AbortSignal): Promise<Answer> {
    const bytes = body === undefined ? undefined : body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
    const type = body instanceof Uint8Array ? 'application/x-ndjson' : 'application/json';
    const headers = await this.#headers(method, path, bytes, { ...(bytes ? { 'content-type': type } : {}), ...given });
    try {
      return await this.#exchange(method, path, headers, bytes, signal);
    } catch (cause) {
      if (signal?.aborted) throw cancelled();
      const why = cause instanceof Error ? (cause as NodeJS.ErrnoException).code || cause.message : String(cause);
      throw new AppError('STORE_UNAVAILABLE', `the hot store at ${this.#url.host} does not answer: ${why}`, { retryAfterS: 1, cause });
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #headers(
    method: string,
    path: string,
    body: Uint8Array | undefined,
    headers: Record<string, string>,
  ): Promise<Record<string, string>> {
    const auth = this.#auth;
    if (auth.kind === 'basic') headers.authorization = `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
    if (auth.kind === 'sigv4') {
      const request = { method, host: this.#url.host, path, headers, body };
      Object.assign(headers, signV4(request, await auth.credentials(), auth.region, auth.service ?? 'es', Date.now()));
    }
    if (body) headers['content-length'] = String(body.length);
    return headers;
  }

  #exchange(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: Uint8Array | undefined,
    given?: AbortSignal,
  ): Promise<Answer> {
    const { hostname: host, port } = this.#url;
    const inTime = AbortSignal.timeout(this.#timeoutMs);
    const signal = given ? AbortSignal.any([inTime, given]) : inTime;
    return new Promise((resolve, reject) => {
      const sent = this.#request({ host, port, method, path, headers, agent: this.#agent, signal }, (answer: IncomingMessage) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks) }));
        answer.on('error', reject);
        answer.on('close', () => answer.complete || reject(new Error('the answer ended early')));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

type NodeError = {
  error?: string | { type?: string; reason?: string; root_cause?: { type?: string; reason?: string }[]; caused_by?: { reason?: string } };
};

/** The kind and the sentence of an error as OpenSearch, or a proxy before it, spells it. */
function causeOf(body: Buffer): { type: string; reason: string } {
  const text = body.toString('utf8', 0, 100_000);
  try {
    const { error } = JSON.parse(text) as NodeError;
    if (typeof error === 'string') return { type: 'error', reason: error };
    const root = error?.root_cause?.[0] ?? error;
    const deeper = error?.caused_by?.reason;
    return { type: root?.type ?? 'error', reason: [root?.reason ?? text.slice(0, 200), ...(deeper ? [deeper] : [])].join(': ') };
  } catch {
    return { type: 'error', reason: text.slice(0, 200) };
  }
}
