import { randomBytes } from 'node:crypto';
import type { FileSystem } from '../../../core/ports/file-system.ts';

/** A segment as its name tells it. A later one (by `seq`) cuts the one before it at its own `base`. */
export type SegmentName = {
  name: string;
  /** Counts the segments of a partition, rejected ones included. */
  seq: number;
  /** Offset of its first record. */
  base: number;
  /** Starts the checksums of its headers, so that no bytes from elsewhere pass for a frame of it. */
  salt: number;
};

const pattern = /^(\d{10})-(\d{16})-([0-9a-f]{8})\.seg$/;

export function segmentName(seq: number, base: number, salt: number = randomBytes(4).readUInt32LE()): SegmentName {
  const digits = (value: number, width: number) => String(value).padStart(width, '0');
  return { name: `${digits(seq, 10)}-${digits(base, 16)}-${salt.toString(16).padStart(8, '0')}.seg`, seq, base, salt };
}

export const partitionFolder = (folder: string, partition: number): string => `${folder}/p${partition}`;
export const quarantineFolder = (folder: string): string => `${folder}/quarantine`;

/** The segments in a partition's folder, oldest first. */
export async function listSegments(files: FileSystem, folder: string): Promise<SegmentName[]> {
  const found: SegmentName[] = [];
  for (const name of await files.list(folder)) {
    const [, seq, base, salt] = pattern.exec(name) ?? [];
    if (seq && base && salt) found.push({ name, seq: Number(seq), base: Number(base), salt: Number.parseInt(salt, 16) });
  }
  return found.sort((a, b) => a.seq - b.seq);
}
