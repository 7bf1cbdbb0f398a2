import { Code } from '@connectrpc/connect';
import { type ErrorCode, errorTable } from '../../core/errors.ts';

/** What each HTTP status of the error table is to a caller of an RPC. https://connectrpc.com/docs/protocol#error-codes */
const byStatus: Record<number, Code> = {
  400: Code.InvalidArgument,
  401: Code.Unauthenticated,
  403: Code.PermissionDenied,
  404: Code.NotFound,
  405: Code.Unimplemented,
  406: Code.Unimplemented,
  408: Code.DeadlineExceeded,
  409: Code.Aborted,
  412: Code.FailedPrecondition,
  413: Code.ResourceExhausted,
  415: Code.InvalidArgument,
  422: Code.FailedPrecondition,
  429: Code.ResourceExhausted,
  500: Code.Internal,
  503: Code.Unavailable,
  507: Code.ResourceExhausted,
};

/** Where the code says more than its status. */
const byCode: Partial<Record<ErrorCode, Code>> = {
  ALREADY_EXISTS: Code.AlreadyExists,
  QUERY_TIMEOUT: Code.DeadlineExceeded,
};

/** The code of an RPC for a code of the error table. */
export const rpcCodeOf = (code: ErrorCode): Code => byCode[code] ?? byStatus[errorTable[code].status] ?? Code.Unknown;
