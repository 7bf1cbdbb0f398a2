import * as z from 'zod';
import { AppError } from '../../core/errors.ts';
import { tenantPattern } from '../../core/tenant.ts';
import { type ApiKey, type Caller, type Keys, scopes } from '../../pipeline/platform.ts';
import { json, list } from '../answer.ts';
import { isOperator } from '../authenticate.ts';
import { timeOfMs } from '../record-json.ts';
import { defineRoute } from '../route.ts';
import { durationParameter, listOf, time, timeParameter } from '../schemas/common.ts';

const idPath = z.object({ id: z.string().min(1).max(100) });

const key = z
  .object({
    id: z.string(),
    tenant: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(scopes)),
    created_at: time,
    expires_at: time.nullable(),
    revoked_at: time.nullable(),
    last_used_at: time.nullable(),
    rotated_until: time.nullable().meta({ description: 'Until then the former secret works too' }),
  })
  .meta({ id: 'ApiKey' });

const keyWithSecret = key.extend({ secret: z.string().meta({ description: 'Shown this once' }) }).meta({ id: 'ApiKeyWithSecret' });

const dayMs = 86_400_000;

export const keyRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/keys',
    operationId: 'listKeys',
    tag: 'operations',
    summary: 'The API keys of your tenant',
    scope: 'admin',
    answers: { 200: { description: 'Keys, without their secrets', content: { 'application/json': listOf(key) } } },
    handle: async ({ platform, caller }) => list((await visibleKeys(platform.keys, caller)).map(keyJson)),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/keys',
    operationId: 'createKey',
    tag: 'operations',
    summary: 'Makes an API key',
    description: 'The first key closes an open host: from then on every call needs one.',
    scope: 'admin',
    json: z
      .strictObject({
        name: z.string().min(1).max(100),
        scopes: z.array(z.enum(scopes)).min(1).max(3),
        tenant: z.string().regex(tenantPattern, 'expected 1 to 40 of a-z, 0-9 and -').optional(),
        expires_at: timeParameter.optional(),
      })
      .meta({ id: 'NewApiKey' }),
    answers: { 201: { description: 'The key and its secret', content: { 'application/json': keyWithSecret } } },
    handle: async ({ platform, options, caller, body }) => {
      const tenant = body.tenant ?? caller.tenant;
      if (tenant !== caller.tenant && !isOperator(caller))
        throw new AppError('SCOPE_MISSING', 'tenant: this key makes keys of its own tenant only');
      const expiresAtMs = body.expires_at === undefined ? undefined : Math.floor(body.expires_at / 1000);
      if (expiresAtMs !== undefined && expiresAtMs <= options.clock.nowMs()) {
        throw new AppError('INVALID_BODY', 'body.expires_at: it is past already; give a time to come');
      }
      const made = await platform.keys.create({
        tenant,
        name: body.name,
        scopes: [...new Set(body.scopes)],
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      });
      return json({ ...keyJson(made.key), secret: made.secret }, 201);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/keys/{id}/rotate',
    operationId: 'rotateKey',
    tag: 'operations',
    summary: 'Gives a key a new secret; the former works on for a while',
    scope: 'admin',
    pathParameters: idPath,
    query: z.object({
      overlap: durationParameter.optional().meta({ description: 'How long the former secret works on; 1d unless given' }),
    }),
    answers: { 200: { description: 'The key and its new secret', content: { 'application/json': keyWithSecret } } },
    errors: ['NOT_FOUND'],
    handle: async ({ platform, caller, path, query }) => {
      await ownKey(platform.keys, caller, path.id);
      const rotated = await platform.keys.rotate(path.id, query.overlap === undefined ? dayMs : query.overlap / 1000);
      return json({ ...keyJson(rotated.key), secret: rotated.secret });
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/keys/{id}',
    operationId: 'revokeKey',
    tag: 'operations',
    summary: 'Revokes a key at once',
    scope: 'admin',
    pathParameters: idPath,
    answers: { 200: { description: 'The revoked key', content: { 'application/json': key } } },
    errors: ['NOT_FOUND'],
    handle: async ({ platform, caller, path }) => {
      await ownKey(platform.keys, caller, path.id);
      return json(keyJson(await platform.keys.revoke(path.id)));
    },
  }),
];

const visibleKeys = (keys: Keys, caller: Caller): Promise<ApiKey[]> => keys.list(isOperator(caller) ? undefined : caller.tenant);

async function ownKey(keys: Keys, caller: Caller, id: string): Promise<void> {
  const visible = await visibleKeys(keys, caller);
  if (!visible.some((candidate) => candidate.id === id)) throw new AppError('NOT_FOUND', `there is no key with the id ${id}`);
}

const keyJson = ({ id, tenant, name, scopes: of, createdAtMs, expiresAtMs, revokedAtMs, lastUsedAtMs, rotatedUntilMs }: ApiKey) => ({
  id,
  tenant,
  name,
  scopes: of,
  created_at: timeOfMs(createdAtMs),
  expires_at: timeOfMs(expiresAtMs),
  revoked_at: timeOfMs(revokedAtMs),
  last_used_at: timeOfMs(lastUsedAtMs),
  rotated_until: timeOfMs(rotatedUntilMs),
});
