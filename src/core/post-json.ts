import { type Backoff, backoffMs } from './backoff.ts';
import { AppError } from './errors.ts';

/** What a receiver answered, or why it did not, in words that hold no secret. */
export type HttpAnswer = { status: number; retryAfterS: number } | string;

/** Sends one POST, follows no redirect. @throws AppError INVALID_CONFIG where the address may not be called */
export type HttpSend = (url: URL, request: { headers: Record<string, string>; body: string; timeoutMs: number }) => Promise<HttpAnswer>;

export type PostOptions = {
  /** @default `fetch` */
  send?: HttpSend | undefined;
  /** Names the receiver in errors: its URL may hold a secret. */
  receiver: string;
  url: URL;
  headers?: Record<string, string>;
  /** How long one attempt may take. */
  timeoutMs?: number;
  attempts?: number;
  pause?: Backoff;
};

/** A `Retry-After` is heeded up to this. */
const maxRetryAfterMs = 10_000;
const mayPass = (status: number): boolean => status === 408 || status === 425 || status === 429 || status >= 500;

/**
 * Posts JSON until the receiver takes it: again after a timeout, a broken connection, 408, 425, 429 and 5xx, heeding `Retry-After`. Redirects are not followed.
 * @throws AppError CHANNEL_UNAVAILABLE when no attempt was taken, INVALID_CONFIG for other answers
 */
export async function postJson(body: string, options: PostOptions): Promise<void> {
  const { receiver, url, headers = {}, send = post, timeoutMs = 5_000, attempts = 4, pause = { baseMs: 200, maxMs: 5_000 } } = options;
  for (let attempt = 1; ; attempt++) {
    const answer = await send(url, { headers: { 'content-type': 'application/json', ...headers }, body, timeoutMs });
    if (typeof answer === 'object' && answer.status >= 200 && answer.status < 300) return;
    const why = typeof answer === 'string' ? answer : `it answered ${answer.status}`;
    if (typeof answer === 'object' && !mayPass(answer.status)) {
      throw new AppError('INVALID_CONFIG', `${receiver} does not take notifications: ${why}`);
    }
    const askedS = typeof answer === 'object' ? answer.retryAfterS : 0;
    if (attempt === attempts) {
      // Whoever tries once waits by himself.
      const retryAfterS = askedS || (attempts > 1 ? 30 : 0);
      throw new AppError('CHANNEL_UNAVAILABLE', `${receiver} took no notification: ${why}`, retryAfterS > 0 ? { retryAfterS } : {});
    }
    const askedMs = Math.min(askedS * 1_000, maxRetryAfterMs);
    await new Promise((resolve) => setTimeout(resolve, Math.max(askedMs, backoffMs(attempt - 1, pause))));
  }
}

/** An answer, or why there was none. What `fetch` throws is not passed on: it may name the URL. */
const post: HttpSend = async (url, { headers, body, timeoutMs }) => {
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
    await response.body?.cancel();
    return { status: response.status, retryAfterS: Number(response.headers.get('retry-after')) || 0 };
  } catch (error) {
    const { name, cause } = error as { name: string; cause?: { code?: string } };
    return name === 'TimeoutError' ? `it did not answer within ${timeoutMs} ms` : `the connection failed (${cause?.code ?? name})`;
  }
};

/** Reads a receiver's URL. @throws AppError INVALID_CONFIG without the URL in it */
export function receiverUrl(text: string, receiver: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw new AppError('INVALID_CONFIG', `the URL of ${receiver} is not an http(s) URL`);
  return url;
}
