import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { IngestService } from '../../gen/logdrive/v1/ingest_pb.ts';
import { QueryService } from '../../gen/logdrive/v1/query_pb.ts';

/** Every way in which a client may call: protocol, version of HTTP, spelling of messages. */
export const transports: Record<string, (baseUrl: string) => Transport> = {
  'gRPC over HTTP/2': (baseUrl) => createGrpcTransport({ baseUrl }),
  'gRPC-Web over HTTP/1.1': (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' }),
  'gRPC-Web over HTTP/2': (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '2' }),
  'Connect over HTTP/1.1': (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: true }),
  'Connect as JSON over HTTP/1.1': (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1' }),
  'Connect over HTTP/2': (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '2', useBinaryFormat: true }),
};

export type Clients = { ingest: Client<typeof IngestService>; query: Client<typeof QueryService> };

export const clientsOf = (transport: Transport): Clients => ({
  ingest: createClient(IngestService, transport),
  query: createClient(QueryService, transport),
});
