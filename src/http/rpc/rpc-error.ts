import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../../../gen/google/rpc/error_details_pb.ts';
import type { Problem } from '../../core/errors.ts';
import type { Answer } from '../answer.ts';
import { rpcCodeOf } from './code-of.ts';

const domain = 'logdrive.dev';

/** Spells a problem's answer as the error of an RPC, with the details that gRPC clients know: ErrorInfo, BadRequest, RetryInfo. */
export function rpcErrorOf(answer: Answer, headers: Record<string, string>): ConnectError {
  const problem = problemIn(answer);
  const retryAfter = answer.headers?.['retry-after'];
  const error = new ConnectError(problem.detail, rpcCodeOf(problem.code), { ...headers, ...answer.headers }, [
    { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason: problem.code, domain, metadata: metadataOf(problem) }) },
    ...faultsOf(problem),
    ...(retryAfter === undefined
      ? []
      : [{ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay: { seconds: BigInt(retryAfter), nanos: 0 } }) }]),
  ]);
  return error;
}

/** The caller has gone: nobody reads this. */
export const goneError = (): ConnectError => new ConnectError('the client closed the connection', Code.Canceled);

function problemIn(answer: Answer): Problem {
  if (answer.kind !== 'text') throw new TypeError('an answer that is no problem');
  return JSON.parse(answer.text) as Problem;
}

function metadataOf({ request_id, at }: Problem): Record<string, string> {
  return { ...(request_id === undefined ? {} : { request_id }), ...(at === undefined ? {} : { at: String(at) }) };
}

function faultsOf({ errors = [] }: Problem) {
  if (errors.length === 0) return [];
  const fieldViolations = errors.map(({ path, code, detail }) => ({ field: path, description: detail, reason: code }));
  return [{ desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations }) }];
}
