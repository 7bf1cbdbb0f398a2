import type { HashSet } from './bloom.ts';
import type { Scratch } from './chunk.ts';
import type { GrowingFile } from './parquet/pages.ts';
import type { WordIndex } from './word-index.ts';

/** What the columns of one row group share while they are encoded. */
export type GroupEncoding = {
  file: GrowingFile;
  rows: number;
  /** Row numbers of the source in the order of the file. */
  order: Uint32Array;
  cuts: readonly number[];
  scratch: Scratch;
  filter: HashSet;
  idPages: HashSet;
  words: WordIndex;
};
