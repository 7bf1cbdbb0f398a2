import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { maxStateBytes, type StateStore } from '../core/ports/state-store.ts';

/** What people make and keep beside the records, a folder of the state each. */
export const documentKinds = ['searches', 'dashboards'] as const;
export type DocumentKind = (typeof documentKinds)[number];

/** A document as it is kept; `version` changes with every write of it. Times are epoch milliseconds. */
export type SavedDocument<T = unknown> = { id: string; version: number; createdAtMs: number; updatedAtMs: number; content: T };

/** The documents of one kind, by tenant. Nobody sees those of another tenant: their ids are not found. */
export interface Documents {
  /** In the order in which they were made. */
  list<T>(tenant: string): Promise<SavedDocument<T>[]>;
  /** @throws AppError NOT_FOUND */
  get<T>(tenant: string, id: string): Promise<SavedDocument<T>>;
  /** @throws AppError CONFLICT where a tenant has as many as it may, BODY_TOO_LARGE */
  create<T>(tenant: string, content: T): Promise<SavedDocument<T>>;
  /** Writes it anew: in place of `version`, or of whatever is there. @throws AppError NOT_FOUND, PRECONDITION_FAILED, BODY_TOO_LARGE */
  replace<T>(tenant: string, id: string, content: T, version: number | undefined): Promise<SavedDocument<T>>;
  /** @throws AppError NOT_FOUND, PRECONDITION_FAILED */
  remove(tenant: string, id: string, version: number | undefined): Promise<void>;
}

type Stored<T> = { createdAtMs: number; updatedAtMs: number; content: T };

/** How many of a kind a tenant keeps. */
const maxDocuments = 1_000;
/** Room for the times beside the content. */
const maxContentBytes = maxStateBytes - 1_000;

/** Makes the documents that are kept in a state store, each written by compare-and-set. */
export function createDocuments({ state, clock }: { state: StateStore; clock: Clock }): (kind: DocumentKind) => Documents {
  return (kind) => {
    const keyOf = (tenant: string, id: string) => `documents/${kind}/${tenant}/${id}`;
    const get = async <T>(tenant: string, id: string): Promise<SavedDocument<T>> => {
      const stored = await state.get<Stored<T>>(keyOf(tenant, id));
      if (!stored) throw new AppError('NOT_FOUND', `there is nothing with the id ${id} among your ${kind}`);
      return { id, version: stored.version, ...stored.value };
    };
    const list = async <T>(tenant: string): Promise<SavedDocument<T>[]> => {
      const prefix = keyOf(tenant, '');
      const rows = await state.list<Stored<T>>(prefix);
      const found = rows.map(({ key, version, value }) => ({ id: key.slice(prefix.length), version, ...value }));
      return found.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
    };
    /** Applies a write to what is there, again until nobody else was first; with a version, to that one only. */
    const write = async <T>(
      tenant: string,
      id: string,
      version: number | undefined,
      next: (known: SavedDocument<T>) => Stored<T> | undefined,
    ) => {
      for (;;) {
        const known = await get<T>(tenant, id);
        if (version !== undefined && known.version !== version) throw changed(known.version);
        const value = next(known);
        const written = await state.compareAndSet(keyOf(tenant, id), known.version, value);
        if (written !== undefined) return { version: written, value };
      }
    };

    return {
      list,
      get,
      async create<T>(tenant: string, content: T) {
        checkSize(content);
        if ((await list(tenant)).length >= maxDocuments)
          throw new AppError('CONFLICT', `your tenant keeps ${maxDocuments} ${kind} already, the most it may; delete some`);
        const nowMs = clock.nowMs();
        const value: Stored<T> = { createdAtMs: nowMs, updatedAtMs: nowMs, content };
        const id = randomBytes(8).toString('hex');
        const version = await state.compareAndSet(keyOf(tenant, id), 0, value);
        if (version === undefined) throw new AppError('CONFLICT', `the id ${id} is taken; try again`);
        return { id, version, ...value };
      },
      async replace<T>(tenant: string, id: string, content: T, version: number | undefined) {
        checkSize(content);
        const written = await write<T>(tenant, id, version, ({ createdAtMs }) => ({ createdAtMs, updatedAtMs: clock.nowMs(), content }));
        return { id, version: written.version, ...written.value! };
      },
      async remove(tenant, id, version) {
        await write(tenant, id, version, () => undefined);
      },
    };
  };
}

const changed = (version: number) =>
  new AppError('PRECONDITION_FAILED', `somebody else changed it: it is at version "${version}" now; read it again and repeat your change`);

function checkSize(content: unknown): void {
  const bytes = Buffer.byteLength(JSON.stringify(content));
  if (bytes > maxContentBytes) throw new AppError('BODY_TOO_LARGE', `it is ${bytes} bytes; ${maxContentBytes} can be kept`);
}
