import { resolve } from 'node:path';
import { loadConfig } from '../../config/load-config.ts';
import { durationMs } from '../../config/units.ts';
import { defaultTenant, isTenant } from '../../core/tenant.ts';
import { Client, UnreachableError } from '../client.ts';
import {
  type Command,
  FailedError,
  jsonOption,
  type OfflineKey,
  type OfflineKeys,
  type Run,
  serverOptions,
  text,
  UsageError,
} from '../command.ts';
import { readStage } from '../stage/read-stage.ts';
import { harmless, table } from '../style.ts';

/** A key as the API lists it. */
type Key = {
  id: string;
  tenant: string;
  name: string;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
  rotated_until: string | null;
  secret?: string;
};
type Scope = 'ingest' | 'query' | 'admin';
const scopes: Scope[] = ['ingest', 'query', 'admin'];

/** The keys as this command needs them, of a running server or of a data folder. */
type KeyBook = {
  create(request: { name: string; scopes: Scope[]; tenant: string | undefined; expiresAtMs: number | undefined }): Promise<Key>;
  list(): Promise<Key[]>;
  rotate(id: string, overlapMs: number): Promise<Key>;
  revoke(id: string): Promise<Key>;
};

export const keys: Command = {
  usage: 'create NAME | list | rotate ID | revoke ID',
  about:
    'Asks the server; when none answers it works on the data folder itself, which is how a lost key is replaced. A secret is shown once.',
  options: {
    ...serverOptions,
    scopes: { type: 'string', value: 'LIST', help: 'create: what the key may do, of ingest, query, admin [ingest; all for the first key]' },
    tenant: { type: 'string', value: 'NAME', help: 'create: whose key it is [that of your own key, or default]' },
    expires: { type: 'string', value: 'TIME', help: 'create: how long it works, such as 90d [for ever]' },
    overlap: { type: 'string', value: 'TIME', help: 'rotate: how long the former secret still works [24h]' },
    'data-dir': { type: 'string', value: 'DIR', help: 'work on this data folder without a server' },
    stage: { type: 'string', value: 'NAME', help: 'work on the table of this deployed stage, with your AWS credentials' },
    ...jsonOption,
  },
  examples: [
    'logdrive keys create shipper',
    'logdrive keys create ci --scopes ingest,query --expires 90d',
    'logdrive keys create first --stage dev',
    'logdrive keys rotate 5f2c9d0e7a1b3c4d --overlap 1h',
  ],
  async run(run) {
    const dataDir = text(run.values, 'data-dir');
    const stage = text(run.values, 'stage');
    if (stage !== undefined) {
      const { table: name } = await readStage(stage, run.io.env);
      return offline(run, await run.host.stageKeys(name));
    }
    if (dataDir !== undefined) return offline(run, await run.host.offlineKeys(resolve(run.io.cwd, dataDir)));
    try {
      await act(run, overHttp(new Client(run.io, run.values)));
    } catch (thrown) {
      if (!(thrown instanceof UnreachableError) || text(run.values, 'url') !== undefined) throw thrown;
      const { dataDir: found } = loadConfig({ env: run.io.env, cwd: run.io.cwd });
      run.io.err(run.style.dim(`no server answers; working on ${found}\n`));
      await offline(run, await run.host.offlineKeys(found));
    }
  },
};

async function offline(run: Run, { keys: book, close }: { keys: OfflineKeys; close(): Promise<void> }): Promise<void> {
  try {
    await act(run, ofFolder(book));
  } finally {
    await close();
  }
}

async function act({ io, values, positionals, style }: Run, book: KeyBook): Promise<void> {
  const [action, argument] = positionals;
  const isJson = values.json === true;
  if (action === 'list' || action === undefined) {
    const items = await book.list();
    io.out(
      isJson
        ? `${JSON.stringify({ items })}\n`
        : items.length === 0
          ? 'no keys yet; make one with `logdrive keys create NAME`\n'
          : `${table(['id', 'name', 'tenant', 'scopes', 'created', 'last used', 'state'], items.map(rowOf), style)}\n`,
    );
    return;
  }
  if (argument === undefined) throw new UsageError(`give one of: ${keys.usage}`);
  if (action === 'create') {
    const given = text(values, 'scopes');
    const isFirst = !(await book.list()).some(
      ({ revoked_at, expires_at, scopes: of }) => revoked_at === null && !isPast(expires_at) && of.includes('admin'),
    );
    const wanted = given === undefined && isFirst ? scopes : scopesOf(given ?? 'ingest');
    const made = await book.create({
      name: argument,
      scopes: wanted,
      tenant: tenantOf(text(values, 'tenant')),
      expiresAtMs: expiryOf(text(values, 'expires')),
    });
    shown(made, `key ${made.id} of tenant ${made.tenant} may ${made.scopes.join(', ')}`);
    if (isFirst && !wanted.includes('admin'))
      io.err(`${style.yellow('no key may make other keys now')}: make one with --scopes ingest,query,admin --data-dir DIR\n`);
    return;
  }
  if (action === 'rotate') {
    const overlap = text(values, 'overlap') ?? '24h';
    const overlapMs = durationMs(overlap);
    if (overlapMs === undefined) throw new UsageError(`--overlap ${overlap}: give a time span such as 24h`);
    const rotated = await book.rotate(argument, overlapMs);
    return shown(rotated, `key ${rotated.id} has a new secret; the former one works until ${rotated.rotated_until}`);
  }
  if (action === 'revoke') {
    const revoked = await book.revoke(argument);
    io.out(isJson ? `${JSON.stringify(revoked)}\n` : `key ${revoked.id} (${harmless(revoked.name)}) is revoked\n`);
    return;
  }
  throw new UsageError(`there is no action ${action}; give one of: ${keys.usage}`);

  function shown(key: Key, what: string): void {
    if (isJson) io.out(`${JSON.stringify(key)}\n`);
    else {
      io.out(`${key.secret}\n`);
      io.err(`${style.dim(what)}\n${style.yellow('this is the only time the secret is shown')}\n`);
    }
  }
}

function overHttp(client: Client): KeyBook {
  const path = (id: string) => `/api/keys/${encodeURIComponent(id)}`;
  return {
    create: ({ name, scopes: of, tenant, expiresAtMs }) =>
      client.call<Key>('POST', '/api/keys', {
        json: {
          name,
          scopes: of,
          ...(tenant ? { tenant } : {}),
          ...(expiresAtMs === undefined ? {} : { expires_at: new Date(expiresAtMs).toISOString() }),
        },
      }),
    list: async () => (await client.call<{ items: Key[] }>('GET', '/api/keys')).items,
    rotate: (id, overlapMs) => client.call<Key>('POST', `${path(id)}/rotate`, { query: { overlap: `${overlapMs}ms` } }),
    revoke: (id) => client.call<Key>('DELETE', path(id)),
  };
}

function ofFolder(book: OfflineKeys): KeyBook {
  const listed = (key: OfflineKey): Key => ({
    ...{ id: key.id, tenant: key.tenant, name: key.name, scopes: key.scopes, created_at: time(key.createdAtMs)! },
    ...{
      expires_at: time(key.expiresAtMs),
      revoked_at: time(key.revokedAtMs),
      last_used_at: time(key.lastUsedAtMs),
      rotated_until: time(key.rotatedUntilMs),
    },
  });
  const withSecret = ({ key, secret }: { key: OfflineKey; secret: string }): Key => ({ ...listed(key), secret });
  return {
    create: async ({ name, scopes: of, tenant = defaultTenant, expiresAtMs }) =>
      withSecret(await book.create({ tenant, name, scopes: of, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) })),
    list: async () => (await book.list()).map(listed),
    rotate: async (id, overlapMs) => withSecret(await book.rotate(id, overlapMs)),
    revoke: async (id) => listed(await book.revoke(id)),
  };
}

const time = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());

const isPast = (at: string | null): boolean => at !== null && Date.parse(at) <= Date.now();

function rowOf(key: Key): string[] {
  const state = key.revoked_at
    ? 'revoked'
    : isPast(key.expires_at)
      ? 'expired'
      : key.rotated_until && !isPast(key.rotated_until)
        ? 'rotating'
        : 'live';
  return [
    key.id,
    key.name,
    key.tenant,
    key.scopes.join(','),
    key.created_at.slice(0, 16),
    key.last_used_at?.slice(0, 16) ?? 'never',
    state,
  ];
}

function scopesOf(given: string): Scope[] {
  const list = given.split(',').map((scope) => scope.trim());
  const unknown = list.find((scope) => !scopes.includes(scope as Scope));
  if (unknown !== undefined) throw new UsageError(`--scopes ${unknown}: give a list of ${scopes.join(', ')}`);
  return list as Scope[];
}

function tenantOf(given: string | undefined): string | undefined {
  if (given !== undefined && !isTenant(given)) throw new UsageError(`--tenant ${given}: a tenant is 1 to 40 of a-z, 0-9 and -`);
  return given;
}

function expiryOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const ms = durationMs(given);
  if (ms === undefined) throw new FailedError(`--expires ${given}: give a time span such as 90d`);
  return Date.now() + ms;
}
