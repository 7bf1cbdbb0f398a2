import type { RecordDefaults } from './ports/queue.ts';

/** What a record takes from the request that brought it. */
export type NormaliseContext = {
  tenant: string;
  /** Epoch microseconds. */
  observedUs: number;
  defaults: RecordDefaults;
  /** First 128 bits of SHA-256 over the text's UTF-8, as 32 lower-case hex digits. */
  hash(text: string): string;
  /** Told of each level never heard of; the record has it as its attribute `level`. */
  unknownLevel?: ((value: string | number) => void) | undefined;
};

/** A timestamp further ahead of its observation than this is taken for a wrong clock. */
export const maxAheadUs = 24 * 3600 * 1_000_000;
