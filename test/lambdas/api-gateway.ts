import { readFileSync } from 'node:fs';
import type { APIGatewayProxyEvent } from 'aws-lambda';

const recorded = JSON.parse(readFileSync(new URL('./events/api-gateway.json', import.meta.url), 'utf8')) as APIGatewayProxyEvent;

export type ApiCall = { method?: string; headers?: Record<string, string>; body?: string | Uint8Array };

/** An event as API Gateway (REST, proxy integration) sends it for a request: the recorded one with this request's parts. Bytes go in base64. */
export function apiEvent(path: string, { method = 'POST', headers = {}, body }: ApiCall = {}): APIGatewayProxyEvent {
  const url = new URL(path, 'https://api.example');
  const query = [...new Set(url.searchParams.keys())];
  const isBinary = body instanceof Uint8Array;
  return {
    ...recorded,
    path: url.pathname,
    resource: '/{proxy+}',
    httpMethod: method,
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: query.length === 0 ? null : Object.fromEntries(query.map((name) => [name, url.searchParams.get(name) ?? ''])),
    multiValueQueryStringParameters:
      query.length === 0 ? null : Object.fromEntries(query.map((name) => [name, url.searchParams.getAll(name)])),
    body: body === undefined ? null : isBinary ? Buffer.from(body).toString('base64') : body,
    isBase64Encoded: isBinary,
  };
}
