import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { type Answer, bodyText, commonHeaders } from '../../http/answer.ts';
import type { HeaderReader } from '../../http/exchange.ts';

/** Stands for the host in a request's URL: routes look at the path and the query only. */
const origin = 'http://localhost';

/** Reads the headers of an event of API Gateway (REST, proxy) by lower-case name. A request without an id of its own has API Gateway's. */
export function headersOf({ headers, multiValueHeaders, requestContext }: APIGatewayProxyEvent): HeaderReader {
  const byName = new Map<string, string>();
  if (requestContext?.requestId) byName.set('x-request-id', requestContext.requestId);
  for (const [name, value] of Object.entries(headers ?? {})) if (value !== undefined) byName.set(name.toLowerCase(), value);
  for (const [name, values] of Object.entries(multiValueHeaders ?? {})) if (values) byName.set(name.toLowerCase(), values.join(', '));
  return (name) => byName.get(name);
}

/** The body as it was sent: API Gateway hands binary media types on in base64. */
export function bodyOf({ body, isBase64Encoded }: APIGatewayProxyEvent): Uint8Array {
  return body === null || body === undefined ? new Uint8Array(0) : Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
}

/** Path and query as a URL. API Gateway has decoded the values of the query; the path is as it came, without the stage. */
export function urlOf({ path, queryStringParameters, multiValueQueryStringParameters }: APIGatewayProxyEvent): URL {
  const url = new URL(origin);
  url.pathname = path;
  for (const [name, values] of Object.entries(multiValueQueryStringParameters ?? {})) {
    for (const value of values ?? []) url.searchParams.append(name, value);
  }
  for (const [name, value] of Object.entries(queryStringParameters ?? {})) {
    if (value !== undefined && !url.searchParams.has(name)) url.searchParams.append(name, value);
  }
  return url;
}

/** Turns an event of API Gateway into a fetch request. */
export function requestOf(event: APIGatewayProxyEvent, signal?: AbortSignal): Request {
  const header = headersOf(event);
  const names = [...Object.keys(event.headers ?? {}), ...Object.keys(event.multiValueHeaders ?? {}), 'x-request-id'];
  const headers = new Headers();
  for (const name of new Set(names.map((any) => any.toLowerCase()))) {
    const value = header(name);
    if (value !== undefined) headers.set(name, value);
  }
  const takesBody = event.httpMethod !== 'GET' && event.httpMethod !== 'HEAD';
  const body = takesBody && event.body !== null && event.body !== undefined ? (bodyOf(event) as Uint8Array<ArrayBuffer>) : null;
  return new Request(urlOf(event), { method: event.httpMethod, headers, body, ...(signal ? { signal } : {}) });
}

/** Turns a fetch response that is no stream into what API Gateway is answered. Every answer of ours is text, but for protobuf. */
export async function resultOf(response: Response): Promise<APIGatewayProxyResult> {
  const isBinary = response.headers.get('content-type') === 'application/x-protobuf';
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: isBinary ? Buffer.from(await response.arrayBuffer()).toString('base64') : await response.text(),
    isBase64Encoded: isBinary,
  };
}

/** The same of an answer that never was a response. */
export function resultOfAnswer(answer: Answer, headers: Record<string, string>): APIGatewayProxyResult {
  const body = bodyText(answer);
  return {
    statusCode: answer.status,
    headers: { ...commonHeaders, ...headers, ...answer.headers, ...(body ? { 'content-type': body.type } : {}) },
    body: body?.text ?? '',
    isBase64Encoded: false,
  };
}
