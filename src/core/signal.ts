/** The kinds of records. Each has its own raw topic, positions, progress, ledger, dead letters and Parquet dataset; all take the same way. */
export const signals = ['logs', 'metrics', 'events', 'traces'] as const;
export type Signal = (typeof signals)[number];
export type OtherSignal = Exclude<Signal, 'logs'>;

export const isSignal = (text: string): text is Signal => (signals as readonly string[]).includes(text);
