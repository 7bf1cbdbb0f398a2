import { type ErrorCode, errorTable } from '../core/errors.ts';

/** The status of a failure in OTLP, whose clients send again on 429 and 503 alone: all that may pass later is one of the two. */
export function otlpStatusOf(code: ErrorCode): number {
  const { status, retry } = errorTable[code];
  return retry === 'later' && status !== 429 ? 503 : status;
}
