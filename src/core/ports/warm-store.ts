/** The bytes of an object in pieces, given at once or as they are made. */
export type ObjectBytes = Uint8Array[] | AsyncIterable<Uint8Array>;

/**
 * Immutable objects by name, as S3 or a folder keeps them. Names are relative paths with `/`. A put that resolved survives a crash.
 */
export interface WarmStore {
  /** Writes an object that must not exist; resolves to false when the name is taken (its content is then the same: names are content). */
  putIfAbsent(name: string, parts: Uint8Array[]): Promise<boolean>;
  /** Writes or replaces a derived object (summaries, manifests); readers see the old or the new one whole. */
  replace(name: string, parts: ObjectBytes): Promise<void>;
  /** Reads a whole object. @throws AppError NOT_FOUND */
  get(name: string): Promise<Uint8Array>;
  /** Opens an object for reading ranges. @throws AppError NOT_FOUND */
  open(name: string): Promise<WarmObject>;
  /** Removes an object; no error when it is absent. */
  remove(name: string): Promise<void>;
  /** Names with the prefix, in byte order. For operators and tests: readers go by heads, never by listing. */
  list(prefix: string): Promise<{ name: string; bytes: number }[]>;
}

/** A range reader. Local files answer at once, so that a reader can avoid the cost of a promise a page; others answer with a promise. */
export interface WarmObject {
  readonly size: number;
  read(from: number, length: number): Uint8Array | Promise<Uint8Array>;
  close(): void;
}
