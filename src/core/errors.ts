/** Whether the same request may pass later as it is (`later`), or never will (`never`). */
export type Retry = 'never' | 'later';

/**
 * The closed table of error codes. Each has its HTTP status, whether a retry can help, and a title that never varies (RFC 9457).
 * `docs/reference/errors.md` is generated from this table.
 */
export const errorTable = {
  INVALID_BODY: { status: 400, retry: 'never', title: 'The body could not be read' },
  INVALID_RECORD: { status: 400, retry: 'never', title: 'A record is not valid' },
  INVALID_QUERY: { status: 400, retry: 'never', title: 'The query is not valid' },
  INVALID_RULE: { status: 400, retry: 'never', title: 'The rule is not valid' },
  INVALID_PARAMETER: { status: 400, retry: 'never', title: 'A parameter is not valid' },
  INVALID_CONFIG: { status: 400, retry: 'never', title: 'The configuration is not valid' },
  UNAUTHENTICATED: { status: 401, retry: 'never', title: 'A valid API key is needed' },
  SCOPE_MISSING: { status: 403, retry: 'never', title: 'The API key lacks the scope' },
  FORBIDDEN_ORIGIN: { status: 403, retry: 'never', title: 'The request comes from another site' },
  NOT_FOUND: { status: 404, retry: 'never', title: 'There is no such thing' },
  METHOD_NOT_ALLOWED: { status: 405, retry: 'never', title: 'The path does not take this method' },
  NOT_ACCEPTABLE: { status: 406, retry: 'never', title: 'No representation suits the Accept header' },
  REQUEST_TIMEOUT: { status: 408, retry: 'later', title: 'The request did not arrive in time' },
  ALREADY_EXISTS: { status: 409, retry: 'never', title: 'It exists already' },
  CONFLICT: { status: 409, retry: 'later', title: 'Somebody else changed it meanwhile' },
  IDEMPOTENCY_IN_FLIGHT: { status: 409, retry: 'later', title: 'The same request is being worked on' },
  PRECONDITION_FAILED: { status: 412, retry: 'never', title: 'It is not the version that was meant' },
  BODY_TOO_LARGE: { status: 413, retry: 'never', title: 'The body is too large' },
  MEDIA_TYPE: { status: 415, retry: 'never', title: 'The content type or encoding is not known' },
  IDEMPOTENCY_MISMATCH: { status: 422, retry: 'never', title: 'The idempotency key was used for another body' },
  SERIES_BUDGET: { status: 422, retry: 'never', title: 'The budget of series for the day is spent' },
  QUERY_TOO_LARGE: { status: 422, retry: 'never', title: 'The query asks for more than it may take' },
  RATE_LIMITED: { status: 429, retry: 'later', title: 'Too many records or requests' },
  INTERNAL: { status: 500, retry: 'later', title: 'Something broke here' },
  STORE_UNAVAILABLE: { status: 503, retry: 'later', title: 'A store does not answer' },
  CHANNEL_UNAVAILABLE: { status: 503, retry: 'later', title: 'A channel does not take notifications now' },
  QUEUE_UNAVAILABLE: { status: 503, retry: 'later', title: 'The queue does not take records now' },
  QUEUE_REWOUND: { status: 503, retry: 'later', title: 'The queue ends before what was already finished' },
  QUERY_TIMEOUT: { status: 503, retry: 'later', title: 'The query took too long' },
  QUERY_CANCELLED: { status: 503, retry: 'later', title: 'The query was cancelled' },
  SHUTTING_DOWN: { status: 503, retry: 'later', title: 'The server is stopping' },
  DISK_FULL: { status: 507, retry: 'later', title: 'The disk is full' },
} as const satisfies Record<string, { status: number; retry: Retry; title: string }>;

export type ErrorCode = keyof typeof errorTable;

/** One fault inside a body: where it is and what to do. */
export type ErrorItem = { path: string; code: string; detail: string };

export type ErrorMore = {
  /** The single faults, when there are several. */
  errors?: ErrorItem[];
  /** Seconds after which a retry makes sense; becomes `Retry-After`. */
  retryAfterS?: number;
  /** Offset in the query text, for INVALID_QUERY. */
  at?: number;
  cause?: unknown;
};

/** The one error of the product. `detail` is a sentence for a person: what is wrong, where, and what to do. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly more: ErrorMore;

  constructor(code: ErrorCode, detail: string, more: ErrorMore = {}) {
    super(`${code}: ${detail}`, { cause: more.cause });
    this.name = 'AppError';
    this.code = code;
    this.detail = detail;
    this.more = more;
  }

  get status(): number {
    return errorTable[this.code].status;
  }

  get retryable(): boolean {
    return errorTable[this.code].retry === 'later';
  }
}

/** An error as `application/problem+json`, RFC 9457. */
export type Problem = {
  type: string;
  code: ErrorCode;
  title: string;
  status: number;
  detail: string;
  errors?: ErrorItem[];
  at?: number;
  request_id?: string;
};

/** Spells any thrown value as a problem; what is not an AppError becomes INTERNAL and tells nothing of its inside. */
export function problemOf(thrown: unknown, requestId?: string): Problem {
  const error = thrown instanceof AppError ? thrown : new AppError('INTERNAL', 'an unexpected error; the log has it under this request_id');
  const { status, title } = errorTable[error.code];
  return {
    type: `https://logdrive.dev/errors/${error.code.toLowerCase().replaceAll('_', '-')}`,
    code: error.code,
    title,
    status,
    detail: error.detail,
    ...(error.more.errors ? { errors: error.more.errors } : {}),
    ...(error.more.at === undefined ? {} : { at: error.more.at }),
    ...(requestId ? { request_id: requestId } : {}),
  };
}

/** Carries an AppError over a thread boundary, where classes do not survive: see {@link errorFromPlain}. */
export type PlainError = { code: ErrorCode; detail: string; errors?: ErrorItem[]; retryAfterS?: number; at?: number; stack?: string };

export function errorToPlain(thrown: unknown): PlainError {
  if (thrown instanceof AppError) {
    const { errors, retryAfterS, at } = thrown.more;
    return {
      code: thrown.code,
      detail: thrown.detail,
      ...(errors ? { errors } : {}),
      ...(retryAfterS === undefined ? {} : { retryAfterS }),
      ...(at === undefined ? {} : { at }),
    };
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { code: 'INTERNAL', detail: error.message, stack: error.stack ?? error.message };
}

export function errorFromPlain({ code, detail, stack, ...more }: PlainError): AppError {
  const error = new AppError(code, detail, more);
  if (stack) error.stack = stack;
  return error;
}
