import type { Intervals } from '../core/intervals.ts';

/** What a head says of a file, and what prunes it before it is opened. Times are epoch microseconds, both ends inclusive. */
export type PartInfo = {
  rows: number;
  bytes: number;
  minTimestamp: number;
  maxTimestamp: number;
  minObserved: number;
  maxObserved: number;
  tenants: string[];
  offsets: { generation: number; partition: number; offsets: Intervals }[];
};

/** `at`: offset of the compressed bytes in the file; `length`: how many; `size`: how many when decompressed. */
export type DictionaryPlace = [at: number, length: number, size: number, count: number];
export type PagePlace = [at: number, length: number, size: number, rows: number];

export type ColumnType = 'string' | 'int32' | 'int64' | 'double' | 'boolean';

export type ColumnPlace = {
  name: string;
  type: ColumnType;
  optional: boolean;
  encoding: 'dictionary' | 'plain' | 'delta';
  codec: 'none' | 'zstd';
  nulls: number;
  /** Whether the values are in the row group's filter. */
  filtered: boolean;
  dictionary: DictionaryPlace | null;
  pages: PagePlace[];
};

export type GroupPlace = {
  rows: number;
  minTimestamp: number;
  maxTimestamp: number;
  cuts: number[];
  /** Least and greatest timestamp of each page between cuts. */
  times: number[];
  runs: [tenant: string, service: string, rows: number][];
  /** False where words and tokens must not prune: see `format.md`. */
  prunable: boolean;
  words: { at: number; length: number; size: number; textSize: number; count: number } | null;
  filter: { at: number; length: number };
  idPages: { at: number; length: number } | null;
  columns: ColumnPlace[];
};

/** Where everything is in one file. Written as zstd-compressed JSON before the footer, which points at it by `logdrive.index`. */
export type Directory = { info: PartInfo; groups: GroupPlace[] };

export const directoryKey = 'logdrive.index';
export const directoryVersion = 1;

export type EncodedPart = { bytes: Uint8Array[]; info: PartInfo };
