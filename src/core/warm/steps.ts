import type { Intervals } from '../intervals.ts';
import type { StateWrite, Versioned } from '../ports/state-store.ts';
import type { FileInfo } from './file.ts';
import type { Removed } from './tenant-day.ts';

/**
 * One touch of shared state. The protocol is written as generators of these, so that the pipeline runs it against real stores and the model
 * checker runs the very same code against modelled ones, with anything happening between any two steps.
 */
export type Step =
  | { kind: 'get'; key: string }
  | { kind: 'transact'; writes: StateWrite[] }
  | { kind: 'put'; name: string; content: unknown }
  | { kind: 'merge'; request: MergeRequest }
  | { kind: 'remove'; name: string };

/** Files to merge: rows count as in `VisibleFile`. `within` leaves out all other rows; rows that `erase` matches are left out and counted. */
export type MergeRequest = {
  sources: { name: string; only?: { generation: number; partition: number; offsets: Intervals }[] }[];
  within?: { tenant: string; day: string };
  erase?: unknown;
};

/** The merged files of one tenant and day, and what was left out of them. `hash` is that of the content. */
export type MergedDay = {
  tenant: string;
  day: string;
  outputs: { hour: number; hash: string; content: unknown; info: FileInfo }[];
  removed: Removed[];
};

export type Steps<T> = Generator<Step, T, unknown>;

/** Reads a key; a version of 0 says that it is absent, and the value is then `absent`. */
export function* read<T>(key: string, absent: T): Steps<Versioned<T>> {
  const found = (yield { kind: 'get', key }) as Versioned<T> | undefined;
  return found ?? { value: absent, version: 0 };
}

/** Writes all keys or none; false when any had changed. */
export function* transact(writes: StateWrite[]): Steps<boolean> {
  return (yield { kind: 'transact', writes }) as boolean;
}

/** Puts an object where its name is free. The content belongs to the name, so a taken name is as good. */
export function* put(name: string, content: unknown): Steps<void> {
  yield { kind: 'put', name, content };
}

/** Merges files by tenant, day and hour. Every day that the sources' rows touch comes out, also one of which no row is left. */
export function* merge(request: MergeRequest): Steps<MergedDay[]> {
  return (yield { kind: 'merge', request }) as MergedDay[];
}

export function* remove(name: string): Steps<void> {
  yield { kind: 'remove', name };
}
