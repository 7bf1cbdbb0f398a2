/** A message that somebody wrote to `logs.in`: meant as one record. `tenant` is what the settings make of its topic and headers. */
export type IncomingMessage = { partition: number; offset: number; tenant: string | undefined; value: Uint8Array | null };

/** What became of incoming messages: all of them stand in the raw topic then, the refused ones as records that end as dead letters. */
export type TakenIn = { accepted: number; refused: number };

/** Takes messages in; resolves when they are durable in the raw topic, and may be forgotten at their source. Throws where they are to come again. */
export type TakeIn = (messages: readonly IncomingMessage[]) => Promise<TakenIn>;

/** Where processed records go for other people's consumers. */
export interface ParsedOutput {
  /** Appends JSON texts in their order; resolves when all are durable. A repeat after a failure may append some twice. @throws AppError QUEUE_UNAVAILABLE */
  publish(partition: number, records: Buffer[]): Promise<void>;
  close(): Promise<void>;
}
