/** What a sender holds: the positions of its records. Signed and spelt as `r1.<payload>.<signature>` by `pipeline/accept/receipt-token.ts`. */
export type Receipt = { tenant: string; generation: number; partition: number; runs: [from: number, to: number][] };
