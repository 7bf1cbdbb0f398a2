import { create, toBinary, toJson } from '@bufbuild/protobuf';
import { StatusSchema } from '../../gen/google/rpc/status_pb.ts';
import { ExportLogsServiceResponseSchema } from '../../gen/opentelemetry/proto/logs_pb.ts';
import { ExportMetricsServiceResponseSchema } from '../../gen/opentelemetry/proto/metrics_pb.ts';
import { ExportTraceServiceResponseSchema } from '../../gen/opentelemetry/proto/trace_pb.ts';
import { AppError } from '../core/errors.ts';
import type { Signal } from '../core/signal.ts';
import type { AcceptAnswer } from '../pipeline/accept/types.ts';
import { protobufType } from '../pipeline/otlp/read-request.ts';
import { type Answer, json } from './answer.ts';
import { otlpStatusOf } from './otlp-status.ts';
import { mediaTypeOf } from './read-body.ts';

export type OtlpSignal = Extract<Signal, 'logs' | 'metrics' | 'traces'>;

/** Codes of google.rpc.Code by HTTP status: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto. */
const rpcCodeOf: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 404: 5, 413: 3, 415: 3, 422: 3, 429: 8, 503: 14 };
const internal = 13;

/** Whether a request came as protobuf: its answer is in the same form. */
export const isProtobuf = (contentType: string | undefined): boolean =>
  [protobufType, 'application/protobuf'].includes(mediaTypeOf(contentType) ?? '');

/** The answer to a request of which all or some was taken in: what was not must not be sent again. */
export function otlpAnswer(signal: OtlpSignal, { rejected, items }: AcceptAnswer, asProtobuf: boolean): Answer {
  const errorMessage = items[0]?.detail ?? '';
  const count = BigInt(rejected);
  if (signal === 'logs') {
    const partialSuccess = rejected > 0 ? { rejectedLogRecords: count, errorMessage } : undefined;
    const message = create(ExportLogsServiceResponseSchema, partialSuccess ? { partialSuccess } : {});
    return asProtobuf ? bytes(toBinary(ExportLogsServiceResponseSchema, message)) : json(toJson(ExportLogsServiceResponseSchema, message));
  }
  if (signal === 'metrics') {
    const partialSuccess = rejected > 0 ? { rejectedDataPoints: count, errorMessage } : undefined;
    const message = create(ExportMetricsServiceResponseSchema, partialSuccess ? { partialSuccess } : {});
    return asProtobuf
      ? bytes(toBinary(ExportMetricsServiceResponseSchema, message))
      : json(toJson(ExportMetricsServiceResponseSchema, message));
  }
  const partialSuccess = rejected > 0 ? { rejectedSpans: count, errorMessage } : undefined;
  const message = create(ExportTraceServiceResponseSchema, partialSuccess ? { partialSuccess } : {});
  return asProtobuf ? bytes(toBinary(ExportTraceServiceResponseSchema, message)) : json(toJson(ExportTraceServiceResponseSchema, message));
}

/**
 * A failure as google.rpc.Status, in the form of the request. Clients send again on 429 and 503 alone, so what may pass later is one of these, with
 * `Retry-After`.
 */
export function otlpFailure(thrown: unknown, problem: Answer, asProtobuf: boolean): Answer {
  const status = thrown instanceof AppError ? otlpStatusOf(thrown.code) : otlpStatusOf('INTERNAL');
  const detail =
    thrown instanceof AppError && thrown.code !== 'INTERNAL' ? `${thrown.code}: ${thrown.detail}` : 'INTERNAL: something broke here';
  const message = create(StatusSchema, { code: rpcCodeOf[status] ?? internal, message: detail });
  const headers = { ...(status === 429 || status === 503 ? { 'retry-after': '1' } : {}), ...problem.headers };
  return asProtobuf ? bytes(toBinary(StatusSchema, message), status, headers) : json(toJson(StatusSchema, message), status, headers);
}

const bytes = (content: Uint8Array, status = 200, headers: Record<string, string> = {}): Answer => ({
  kind: 'bytes',
  status,
  headers,
  type: protobufType,
  bytes: content,
});
