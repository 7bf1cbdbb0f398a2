import type { Position } from '../record.ts';
import type { SinkName } from '../warm/keys.ts';

/** A record that can never pass as it is, set aside with its (masked) bytes and the cause. */
export type DeadLetter = {
  id: string;
  tenant: string;
  position: Position;
  sink: SinkName | 'both';
  /** The record as JSON text, masked. */
  body: string;
  observedUs: number;
  /** A stable code; with `detail`'s fixed part it groups letters by cause. */
  code: string;
  detail: string;
  /** Groups letters: the same code and the same kind of detail. */
  cause: string;
  attempts: number;
  firstAtMs: number;
  lastAtMs: number;
  codeVersion: string;
  state: 'dead' | 'redriven' | 'discarded';
};

export type DeadLetterFilter = {
  tenant?: string;
  ids?: string[];
  cause?: string;
  state?: DeadLetter['state'];
  limit?: number;
  after?: string;
};

export interface DeadLetters {
  /** Stores a letter; durable when it resolves. The same id again replaces it (same position, same sink: the same id). */
  put(letters: DeadLetter[]): Promise<void>;
  get(tenant: string, id: string): Promise<DeadLetter | undefined>;
  /** Letters by id, oldest first. */
  list(filter: DeadLetterFilter): Promise<DeadLetter[]>;
  groups(tenant: string): Promise<{ cause: string; count: number; sampleId: string }[]>;
  /** How many letters are dead, of all tenants. */
  count(): Promise<number>;
  /** Sets the state of a letter that is `from` now; false when it was not. */
  mark(id: string, from: DeadLetter['state'], to: DeadLetter['state'], atMs: number): Promise<boolean>;
  close(): Promise<void>;
}
