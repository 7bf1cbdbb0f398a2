import { type ConnectRouter, createConnectRouter } from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';
import { IngestService } from '../../../gen/logdrive/v1/ingest_pb.ts';
import { QueryService } from '../../../gen/logdrive/v1/query_pb.ts';
import type { Platform } from '../../pipeline/platform.ts';
import type { HttpOptions } from '../options.ts';
import { answer, answerMany, gateOf } from './call.ts';
import { ingestLogs } from './ingest-logs.ts';
import { queryLogs } from './query-logs.ts';
import { tailLogs } from './tail-logs.ts';

/** Largest message of a caller, decompressed. */
const defaultMaxBytes = 10 * 1024 * 1024;
/** A caller that gives more is told so: nothing waits longer. */
const maxTimeoutMs = 24 * 3_600_000;

/** Makes the handlers of all RPCs by their paths, for gRPC, gRPC-Web and Connect alike. */
export function rpcHandlers(platform: Platform, options: HttpOptions): Map<string, UniversalHandler> {
  const router: ConnectRouter = createConnectRouter({
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes: options.maxRpcBytes ?? defaultMaxBytes,
    maxTimeoutMs,
    requestGate: gateOf(platform, options),
  });
  router.service(IngestService, {
    ingestLogs: (request, context) => answer(platform, options, context, (call) => ingestLogs(call, request)),
  });
  router.service(QueryService, {
    queryLogs: (request, context) => answer(platform, options, context, (call) => queryLogs(call, request)),
    tailLogs: (request, context) => answerMany(platform, options, context, (call) => tailLogs(call, request)),
  });
  return new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
}
