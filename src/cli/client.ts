import { FailedError, text, type Values } from './command.ts';
import type { Io } from './io.ts';
import { showPlace } from './place.ts';

export const defaultUrl = 'http://127.0.0.1:4318';

export type Query = Record<string, string | number | string[] | undefined>;

/** Nobody answers under the URL. */
export class UnreachableError extends FailedError {}

/** The server refused: its problem document. */
export class RefusedError extends FailedError {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Calls the server's API. */
export class Client {
  readonly url: string;
  readonly #headers: Record<string, string>;
  readonly #signal: AbortSignal;

  constructor(io: Pick<Io, 'env' | 'signal'>, values: Values) {
    this.url = (text(values, 'url') ?? io.env.LOGDRIVE_URL ?? defaultUrl).replace(/\/+$/, '');
    const key = text(values, 'key') ?? io.env.LOGDRIVE_KEY;
    this.#headers = key ? { authorization: `Bearer ${key}` } : {};
    this.#signal = io.signal;
  }

  /** Sends one request and gives the response whatever its status. @throws UnreachableError */
  async send(
    method: string,
    path: string,
    {
      query = {},
      body,
      headers = {},
      timeoutMs = 60_000,
    }: { query?: Query; body?: string | Uint8Array; headers?: Record<string, string>; timeoutMs?: number | undefined } = {},
  ): Promise<Response> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value]) parameters.append(name, String(one));
    }
    const search = parameters.size > 0 ? `?${parameters}` : '';
    const signal = timeoutMs === Number.POSITIVE_INFINITY ? this.#signal : AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMs)]);
    try {
      return await fetch(`${this.url}${path}${search}`, {
        method,
        headers: { ...this.#headers, ...headers },
        signal,
        ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']> }),
      });
    } catch (thrown) {
      if (this.#signal.aborted) throw thrown;
      throw unreachable(this.url, thrown);
    }
  }

  /** Calls and reads JSON; `asked` is the text of a query, to show the place of its faults in. @throws UnreachableError, RefusedError */
  async call<T>(
    method: string,
    path: string,
    options: Parameters<Client['send']>[2] & { json?: unknown; asked?: string | undefined } = {},
  ): Promise<T> {
    const { json, asked, ...rest } = options;
    const withBody =
      json === undefined ? rest : { ...rest, body: JSON.stringify(json), headers: { ...rest.headers, 'content-type': 'application/json' } };
    const response = await this.send(method, path, withBody);
    if (!response.ok) throw await refusal(response, asked);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
}

/** Reads a refusal's problem document into a sentence; with the text of a query also the place in it. */
export async function refusal(response: Response, asked = ''): Promise<RefusedError> {
  const body = await response.text();
  try {
    const {
      code = '',
      detail = '',
      errors = [],
      at,
    } = JSON.parse(body) as { code?: string; detail?: string; errors?: { path: string; detail: string }[]; at?: number };
    const hint = response.status === 401 ? '; give one with --key or LOGDRIVE_KEY' : '';
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    return new RefusedError(response.status, code, `${detail || response.statusText}${more}${hint}${showPlace(asked, at)}`);
  } catch {
    return new RefusedError(response.status, '', `the server answered ${response.status} ${response.statusText}`);
  }
}

function unreachable(url: string, thrown: unknown): UnreachableError {
  const cause = (thrown as { cause?: { code?: string; message?: string } }).cause;
  const why = cause?.code ?? cause?.message ?? (thrown as Error).message;
  return new UnreachableError(`no server answers at ${url} (${why}); start one with \`logdrive up\`, or give --url`, { cause: thrown });
}
