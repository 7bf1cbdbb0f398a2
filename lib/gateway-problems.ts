type Problem = { type: string; code: string; status?: number; title: string; detail: string };

const unknownOutcome = 'whether it was done is not known: send it again, with the same Idempotency-Key';

/**
 * What API Gateway answers by itself: `type` is its name for the case, code, status and title are those of src/core/errors.ts (a test holds
 * them equal). A default answer keeps the gateway's own status.
 */
const problems: Problem[] = [
  {
    type: 'THROTTLED',
    code: 'RATE_LIMITED',
    status: 429,
    title: 'Too many records or requests',
    detail: 'the stage takes no more requests a second',
  },
  {
    type: 'QUOTA_EXCEEDED',
    code: 'RATE_LIMITED',
    status: 429,
    title: 'Too many records or requests',
    detail: 'the quota of the usage plan is used up',
  },
  {
    type: 'WAF_FILTERED',
    code: 'RATE_LIMITED',
    status: 429,
    title: 'Too many records or requests',
    detail: 'this address may not call, or called too often',
  },
  { type: 'REQUEST_TOO_LARGE', code: 'BODY_TOO_LARGE', status: 413, title: 'The body is too large', detail: 'send at most 4 MiB at once' },
  {
    type: 'MISSING_AUTHENTICATION_TOKEN',
    code: 'NOT_FOUND',
    status: 404,
    title: 'There is no such thing',
    detail: 'there is no such route',
  },
  {
    type: 'UNSUPPORTED_MEDIA_TYPE',
    code: 'MEDIA_TYPE',
    status: 415,
    title: 'The content type or encoding is not known',
    detail: 'this content type is not understood',
  },
  { type: 'INTEGRATION_TIMEOUT', code: 'STORE_UNAVAILABLE', status: 503, title: 'A store does not answer', detail: unknownOutcome },
  { type: 'INTEGRATION_FAILURE', code: 'STORE_UNAVAILABLE', status: 503, title: 'A store does not answer', detail: unknownOutcome },
  { type: 'DEFAULT_4XX', code: 'INVALID_PARAMETER', title: 'A parameter is not valid', detail: '$context.error.message' },
  { type: 'DEFAULT_5XX', code: 'INTERNAL', title: 'Something broke here', detail: '$context.error.message' },
];

/** Gateway responses as RFC 9457 problems, like those of our own functions. */
export const gatewayProblems = problems.map(({ type, code, status, title, detail }) => ({
  ...{ type, code, title, status },
  template: JSON.stringify({
    type: `https://logdrive.dev/errors/${code.toLowerCase().replaceAll('_', '-')}`,
    ...{ code, title, ...(status ? { status } : {}), detail, request_id: '$context.requestId' },
  }),
}));
