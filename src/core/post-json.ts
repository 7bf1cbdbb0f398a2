import { type Backoff, backoffMs } from './backoff.ts';
import { AppError } from './errors.ts';

export type PostOptions = {
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
  const { receiver, url, headers = {}, timeoutMs = 5_000, attempts = 4, pause = { baseMs: 200, maxMs: 5_000 } } = options;
  for (let attempt = 1; ; attempt++) {
    const answer = await post(body, { url, headers, timeoutMs });
    if (typeof answer === 'object' && answer.status >= 200 && answer.status < 300) return;
    const why = typeof answer === 'string' ? answer : `it answered ${answer.status}`;
    if (typeof answer === 'object' && !mayPass(answer.status)) {
      throw new AppError('INVALID_CONFIG', `${receiver} does not take notifications: ${why}`);
    }
    if (attempt === attempts) throw new AppError('CHANNEL_UNAVAILABLE', `${receiver} took no notification: ${why}`, { retryAfterS: 30 });
    const askedMs = typeof answer === 'object' ? Math.min(answer.retryAfterS * 1_000, maxRetryAfterMs) : 0;
    await new Promise((resolve) => setTimeout(resolve, Math.max(askedMs, backoffMs(attempt - 1, pause))));
  }
}

/** An answer, or why there was none. What `fetch` throws is not passed on: it may name the URL. */
async function post(
  body: string,
  { url, headers, timeoutMs }: { url: URL; headers: Record<string, string>; timeoutMs: number },
): Promise<{ status: number; retryAfterS: number } | string> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    return { status: response.status, retryAfterS: Number(response.headers.get('retry-after')) || 0 };
  } catch (error) {
    const { name, cause } = error as { name: string; cause?: { code?: string } };
    return name === 'TimeoutError' ? `it did not answer within ${timeoutMs} ms` : `the connection failed (${cause?.code ?? name})`;
  }
}

/** Reads a receiver's URL. @throws AppError INVALID_CONFIG without the URL in it */
export function receiverUrl(text: string, receiver: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw new AppError('INVALID_CONFIG', `the URL of ${receiver} is not an http(s) URL`);
  return url;
}
