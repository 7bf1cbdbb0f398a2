import type { Signal } from '../core/signal.ts';
import type { AcceptAnswer, AcceptRequest } from './accept/types.ts';
import type { DocumentKind, Documents } from './documents.ts';
import type { NotifyApi } from './notify/api.ts';
import type { AlertRules } from './rules/alert-rules.ts';
import type { StoreApi } from './store-api.ts';

export type Scope = 'ingest' | 'query' | 'admin';
export const scopes: Scope[] = ['ingest', 'query', 'admin'];

/** Who calls, once its key has been checked. */
export type Caller = { tenant: string; keyId: string; scopes: Scope[] };

/** A key as it is listed; the secret is shown once, when it is made. Times are epoch milliseconds. */
export type ApiKey = {
  id: string;
  tenant: string;
  name: string;
  scopes: Scope[];
  createdAtMs: number;
  expiresAtMs: number | undefined;
  revokedAtMs: number | undefined;
  lastUsedAtMs: number | undefined;
  /** Set while a rotation keeps the former secret alive. */
  rotatedUntilMs: number | undefined;
};

export interface Keys {
  /** Whether any key was ever made: an open host closes with the first. */
  any(): Promise<boolean>;
  /** @throws AppError UNAUTHENTICATED */
  check(secret: string): Promise<Caller>;
  create(request: { tenant: string; name: string; scopes: Scope[]; expiresAtMs?: number }): Promise<{ key: ApiKey; secret: string }>;
  list(tenant?: string): Promise<ApiKey[]>;
  /** Makes a new secret; the former stays valid for `overlapMs`. @throws AppError NOT_FOUND */
  rotate(id: string, overlapMs: number): Promise<{ key: ApiKey; secret: string }>;
  revoke(id: string): Promise<ApiKey>;
}

export type Readiness = { ready: boolean; dependencies: { name: string; state: 'ok' | 'degraded' | 'down'; detail?: string }[] };

/** Everything that the HTTP routes need; each host builds one. */
export interface Platform {
  /** True when no key exists and the host listens on a loopback address: every caller is the tenant `default` with all scopes. */
  open(): Promise<boolean>;
  accept(request: AcceptRequest): Promise<AcceptAnswer>;
  keys: Keys;
  /** The store of the logs: `storeOf('logs')`. */
  store: StoreApi;
  /** The store of one signal. Each has positions of its own: a receipt, an id, a cursor of one means nothing to another. */
  storeOf(signal: Signal): StoreApi;
  /** What people keep beside the records: saved searches and the like. */
  documents(kind: DocumentKind): Documents;
  /** Alert rules; loaded when they are first asked for. */
  rules(): Promise<AlertRules>;
  /** Who is told of alerts: routing, silences, channels, deliveries. Made when first asked for. */
  notify(): Promise<NotifyApi>;
  readiness(): Promise<Readiness>;
  /** Prometheus text. */
  metrics(): Promise<string>;
  /** The process: memory, event-loop lag, queue depth, uptime. */
  stats(): Promise<Record<string, unknown>>;
  /** Takes a profile of each thread of the running process; resolves to the paths of the files. */
  profile(kind: 'cpu' | 'heap', seconds: number): Promise<string[]>;
}
