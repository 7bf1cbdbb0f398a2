import { AppError, problemOf } from '../core/errors.ts';

/** What a route answers, before any HTTP library has it. */
export type Answer = { status: number; headers?: Record<string, string> } & (
  | { kind: 'json'; body: unknown }
  | { kind: 'text'; type: string; text: string }
  | { kind: 'bytes'; type: string; bytes: Uint8Array }
  | { kind: 'stream'; type: string; stream: ReadableStream<Uint8Array> }
  | { kind: 'empty' }
);

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Answer => ({
  kind: 'json',
  status,
  headers,
  body,
});
export const text = (type: string, content: string, status = 200): Answer => ({ kind: 'text', status, type, text: content });
export const empty = (status = 204): Answer => ({ kind: 'empty', status });

/** A list as every route spells it. */
export const list = (items: unknown[], nextCursor: string | null = null): Answer => json({ items, next_cursor: nextCursor });

export const problemMediaType = 'application/problem+json';

/** Spells any thrown value as a problem (RFC 9457), with `Retry-After` where a retry can help and `WWW-Authenticate` where a key is missing. */
export function problemAnswer(thrown: unknown, requestId: string): Answer {
  const problem = problemOf(thrown, requestId);
  const headers: Record<string, string> = {};
  if (thrown instanceof AppError) {
    if (thrown.retryable) headers['retry-after'] = String(Math.max(1, Math.ceil(thrown.more.retryAfterS ?? 1)));
    if (thrown.code === 'UNAUTHENTICATED') headers['www-authenticate'] = 'Bearer realm="logdrive"';
    if (thrown.code === 'SCOPE_MISSING') headers['www-authenticate'] = 'Bearer realm="logdrive", error="insufficient_scope"';
  }
  return { kind: 'text', status: problem.status, headers, type: problemMediaType, text: JSON.stringify(problem) };
}

/** Headers that every answer carries. Log text must never be sniffed into a page, nor kept by a cache. */
export const commonHeaders = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' } as const;

export const jsonMediaType = 'application/json';

/** The body as text with its media type; undefined for bytes, streams and empty answers. */
export function bodyText(answer: Answer): { type: string; text: string } | undefined {
  if (answer.kind === 'json') return { type: jsonMediaType, text: JSON.stringify(answer.body) };
  return answer.kind === 'text' ? { type: answer.type, text: answer.text } : undefined;
}
