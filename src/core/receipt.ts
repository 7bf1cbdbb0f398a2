import type { Signal } from './signal.ts';

/**
 * What a sender holds: the positions of its records in the raw topic of their signal (logs where none is named). Signed and spelt as
 * `r1.<payload>.<signature>` by `pipeline/accept/receipt-token.ts`.
 */
export type Receipt = { signal?: Signal; tenant: string; generation: number; partition: number; runs: [from: number, to: number][] };
