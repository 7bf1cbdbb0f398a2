import type * as z from 'zod';
import type { ErrorCode } from '../core/errors.ts';
import type { Log } from '../core/ports/log.ts';
import type { Caller, Platform, Scope } from '../pipeline/platform.ts';
import type { Answer } from './answer.ts';
import type { Exchange, HeaderReader } from './exchange.ts';
import type { HttpOptions } from './options.ts';

/** Schema of each media type of a body; `undefined` where only the type is promised (an event stream, a page). */
export type Content = Record<string, z.ZodType | undefined>;

/** What a handler is given. `body` is checked already where the route has a schema for it; other bodies are read from `request`. */
export type Context<P = Record<string, unknown>, Q = Record<string, unknown>, B = unknown> = {
  platform: Platform;
  options: HttpOptions;
  caller: Caller;
  path: P;
  query: Q;
  body: B;
  request: Request;
  requestId: string;
  /** For what must know the exchange's start or headers (ingest). */
  exchange: Exchange;
  header: HeaderReader;
  /** The media type to answer, of those the route offers. */
  answerType: string;
  log: Log;
};

/**
 * One route, defined once: what it takes, what it answers, and the function between. The router, the checks and `openapi.json` are made from it.
 */
export type Route = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As OpenAPI spells it: `/api/logs/{id}`. */
  path: string;
  /** Other paths of the same route, kept out of the document's way as operations of their own. */
  aliases?: string[];
  operationId: string;
  tag: string;
  summary: string;
  description?: string;
  /** `none`: anybody may call it. */
  scope: Scope | 'none';
  pathParameters?: z.ZodObject;
  query?: z.ZodObject;
  /** `checked` bodies are read, limited and validated before the handler runs; others are documented only. */
  body?: { content: Content; checked: boolean; required?: boolean };
  answers: Record<number, { description: string; content?: Content }>;
  /** Codes beyond those that every route may answer. */
  errors?: ErrorCode[];
  /** Spells a failure otherwise than as a problem (`problem` is that), for clients of a protocol that has its own; `failures` documents it, by media type. */
  spellFailure?: ((thrown: unknown, problem: Answer, exchange: Exchange) => Answer | Promise<Answer>) | undefined;
  failures?: Content;
  /** The status of a code's failure, where the protocol has another. */
  failureStatus?(code: ErrorCode): number;
  /** A request that may take long on purpose: left out of durations and of the slow log. */
  waits?: boolean;
  handle(context: Context): Answer | Promise<Answer>;
};

type Shape<T> = T extends z.ZodType ? z.output<T> : Record<string, never>;

/** Ties a handler's types to the schemas beside it. */
export function defineRoute<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  route: Omit<Route, 'pathParameters' | 'query' | 'body' | 'handle'> & {
    pathParameters?: P;
    query?: Q;
    /** A JSON body and its schema. */
    json?: B;
    /** Any other body: media types with what documents them. */
    rawBody?: { content: Content; required?: boolean };
    handle(context: Context<Shape<P>, Shape<Q>, B extends z.ZodType ? z.output<B> : undefined>): Answer | Promise<Answer>;
  },
): Route {
  const { json, rawBody, ...rest } = route;
  const body = json ? { content: { 'application/json': json }, checked: true } : rawBody ? { ...rawBody, checked: false } : undefined;
  return { ...rest, ...(body ? { body } : {}) } as unknown as Route;
}
