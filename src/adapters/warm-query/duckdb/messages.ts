import type { PlainError } from '../../../core/errors.ts';
import type { SqlValue } from '../../../query/compile/sql/fragment.ts';

/** What the thread starts with: absolute paths, bounds of the one instance. */
export type ThreadData = { root: string; temporary: string; threads: number; memoryBytes: number; spillBytes: number };

/** Bytes that are a file as long as a query takes. */
export type TemporaryFile = { path: string; parts: Uint8Array[] };

export type Query = { id: number; text: string; values: readonly SqlValue[]; temporary: TemporaryFile[]; timeoutMs: number };

export type ToThread = { query: Query } | { cancel: number } | { stop: true };

/** `malformed`: a row holds JSON that the engine's parser refuses, and ours would not. */
export type Answer = { id: number } & ({ rows: unknown[][] } | { error: PlainError } | { malformed: true });
