import * as z from 'zod';
import { AppError } from '../core/errors.ts';
import type { DocumentKind, Documents, SavedDocument } from '../pipeline/documents.ts';
import type { Platform } from '../pipeline/platform.ts';
import { type Answer, empty, json, list } from './answer.ts';
import type { HeaderReader } from './exchange.ts';
import { timeOfMs } from './record-json.ts';
import { defineRoute, type Route } from './route.ts';
import { listOf, time } from './schemas/common.ts';

export type DocumentRoutes = {
  kind: DocumentKind;
  /** One of them, in words: `saved search`. */
  what: string;
  /** In operation ids and the names of schemas, one and many: `SavedSearch`, `SavedSearches`. */
  name: string;
  names: string;
  /** What a document is, strictly. */
  content: z.ZodObject;
  /** Looks at what a schema cannot say. @throws AppError */
  check(content: Record<string, unknown>): void;
};

const idPath = z.object({ id: z.string().regex(/^[0-9a-f]{16}$/, 'expected 16 hexadecimal digits') });
const etag = (version: number): string => `"${version}"`;

/** The routes by which documents of one kind are made, read, changed under compare-and-set (`ETag`, `If-Match`) and deleted. */
export function documentRoutes({ kind, what, name, names, content, check }: DocumentRoutes): Route[] {
  const path = `/api/${kind}`;
  const one = `${path}/{id}`;
  const made = { id: z.string(), version: z.int(), created_at: time, updated_at: time };
  const saved = content.extend(made).meta({ id: name });
  const given = content.meta({ id: `New${name}` });
  const documentsOf = (platform: Platform): Documents => platform.documents(kind);
  const answerOf = (document: SavedDocument<object>, status = 200): Answer =>
    json(jsonOf(document), status, { etag: etag(document.version), ...(status === 201 ? { location: `${path}/${document.id}` } : {}) });
  const shared = { tag: 'query', pathParameters: idPath } as const;
  const ifMatch = ' With `If-Match: <etag>` only where it is still the version that was read, else 412.';
  return [
    defineRoute({
      method: 'GET',
      path,
      operationId: `list${names}`,
      tag: 'query',
      summary: `Every ${what} of your tenant`,
      scope: 'query',
      answers: { 200: { description: 'In the order in which they were made', content: { 'application/json': listOf(saved) } } },
      handle: async ({ platform, caller }) => list((await documentsOf(platform).list<object>(caller.tenant)).map(jsonOf)),
    }),
    defineRoute({
      method: 'POST',
      path,
      operationId: `create${name}`,
      tag: 'query',
      summary: `Keeps a ${what}`,
      scope: 'admin',
      json: given,
      answers: { 201: { description: 'Kept; `ETag` is its version', content: { 'application/json': saved } } },
      errors: ['CONFLICT', 'INVALID_QUERY'],
      handle: async ({ platform, caller, body }) => {
        check(body);
        return answerOf(await documentsOf(platform).create<object>(caller.tenant, body), 201);
      },
    }),
    defineRoute({
      ...shared,
      method: 'GET',
      path: one,
      operationId: `get${name}`,
      summary: `One ${what}`,
      scope: 'query',
      answers: { 200: { description: 'With its version as `ETag`', content: { 'application/json': saved } } },
      errors: ['NOT_FOUND'],
      handle: async ({ platform, caller, path: { id } }) => answerOf(await documentsOf(platform).get<object>(caller.tenant, id)),
    }),
    defineRoute({
      ...shared,
      method: 'PUT',
      path: one,
      operationId: `replace${name}`,
      summary: `Writes a ${what} anew`,
      description: `All of it is replaced.${ifMatch}`,
      scope: 'admin',
      json: given,
      answers: { 200: { description: 'As it is kept now', content: { 'application/json': saved } } },
      errors: ['NOT_FOUND', 'PRECONDITION_FAILED', 'INVALID_QUERY'],
      handle: async ({ platform, caller, path: { id }, body, header }) => {
        check(body);
        return answerOf(await documentsOf(platform).replace<object>(caller.tenant, id, body, ifMatchOf(header)));
      },
    }),
    defineRoute({
      ...shared,
      method: 'DELETE',
      path: one,
      operationId: `delete${name}`,
      summary: `Deletes a ${what}`,
      description: ifMatch.trim(),
      scope: 'admin',
      answers: { 204: { description: 'It is gone' } },
      errors: ['NOT_FOUND', 'PRECONDITION_FAILED'],
      handle: async ({ platform, caller, path: { id }, header }) => {
        await documentsOf(platform).remove(caller.tenant, id, ifMatchOf(header));
        return empty();
      },
    }),
  ];
}

const jsonOf = ({ id, version, createdAtMs, updatedAtMs, content }: SavedDocument<object>) => ({
  id,
  ...content,
  version,
  created_at: timeOfMs(createdAtMs),
  updated_at: timeOfMs(updatedAtMs),
});

/** The version that a change is meant for; undefined for whatever is there. */
function ifMatchOf(header: HeaderReader): number | undefined {
  const given = header('if-match')?.trim();
  if (given === undefined || given === '*') return undefined;
  const version = /^"(\d{1,15})"$/.exec(given)?.[1];
  if (version === undefined)
    throw new AppError('PRECONDITION_FAILED', `if-match: ${given.slice(0, 60)} is no version of this; give the etag as it came`);
  return Number(version);
}
