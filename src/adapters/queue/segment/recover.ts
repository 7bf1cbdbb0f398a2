import { directoryOf, type FileSystem, makeDirectories, type OpenFile } from '../../../core/ports/file-system.ts';
import type { Hole } from '../../../core/ports/queue.ts';
import type { Settings } from './options.ts';
import { type KeyedBatch, type Scan, scanSegment } from './scan.ts';
import { listSegments, partitionFolder, quarantineFolder, type SegmentName } from './segment-name.ts';

/** A segment and what is in it: `end` is the offset behind its last record, `bytes` its durable size. */
export type Segment = SegmentName & { end: number; bytes: number; newestUs: number };

export type Recovered = {
  /** Oldest first; the last one is written on. */
  segments: Segment[];
  /** The number of the next segment. */
  nextSeq: number;
  holes: Hole[];
};

/**
 * Brings one partition's existing folder to where it can be appended to: checks every frame, cuts a torn tail, copies damaged bytes to `quarantine/`
 * and names the holes they left. What it finds is durable when it resolves, also where the process before died between write and fsync.
 */
export async function recoverPartition(settings: Settings, partition: number, onKeyed: (batch: KeyedBatch) => void): Promise<Recovered> {
  const { files } = settings;
  const folder = partitionFolder(settings.folder, partition);
  await files.syncDirectory(folder);
  const names = await listSegments(files, folder);
  const recovered: Recovered = { segments: [], nextSeq: (names.at(-1)?.seq ?? -1) + 1, holes: [] };
  for (const [index, name] of names.entries()) {
    const limit = names[index + 1]?.base;
    const path = `${folder}/${name.name}`;
    if (name.base === limit) {
      // Given up when its first group failed; the next one took its offsets.
      await files.unlink(path);
      continue;
    }
    const file = await files.open(path, limit === undefined ? 'write' : 'read');
    try {
      const scan = await scanSegment(file, name, limit, onKeyed);
      for (const damage of scan.damages) {
        const detail = await quarantine(settings, partition, name, file, damage.from, damage.to);
        if (damage.next > damage.base) recovered.holes.push({ partition, from: damage.base, to: damage.next, reason: 'corrupt', detail });
      }
      const bytes = limit === undefined ? await settleTail(settings, partition, name, file, scan) : await file.size();
      recovered.segments.push({ ...name, end: scan.end, bytes, newestUs: scan.newestUs });
    } finally {
      await file.close();
    }
  }
  return recovered;
}

/** Cuts what is torn and makes the rest durable; resolves to the segment's size. */
async function settleTail(settings: Settings, partition: number, name: SegmentName, file: OpenFile, scan: Scan): Promise<number> {
  const size = await file.size();
  if (scan.hasFramesInTail) await quarantine(settings, partition, name, file, scan.bytes, size);
  if (scan.bytes < size) await file.truncate(scan.bytes);
  if (!scan.isClosed || scan.bytes < size) {
    // Written once more: after an fdatasync that failed in the process before, the kernel takes the pages for clean and would not write them.
    const from = Math.min(scan.durable, scan.bytes);
    const group = Buffer.allocUnsafe(scan.bytes - from);
    await file.read(group, from);
    if (group.byteLength > 0) await file.writev([group], from);
    await file.datasync();
  }
  return scan.bytes;
}

/** Copies damaged bytes aside for a person to look at, once, and says where they are. Never fails: recovery goes on without the copy. */
async function quarantine(
  settings: Settings,
  partition: number,
  { name }: SegmentName,
  file: OpenFile,
  from: number,
  to: number,
): Promise<string> {
  const { files } = settings;
  const place = `p${partition}/${name}, bytes ${from} to ${to}`;
  if (from === to) return `missing in ${place}`;
  const folder = quarantineFolder(settings.folder);
  const path = `${folder}/p${partition}-${name.replace('.seg', '')}-${from}.bin`;
  try {
    await makeDirectories(files, folder);
    if ((await files.stat(path))?.bytes !== to - from) await copyRange(files, file, from, to, path);
    return `damaged in ${place}; kept as ${path}`;
  } catch (error) {
    settings.onProblem(`damaged bytes could not be copied to ${path}`, error);
    return `damaged in ${place}`;
  }
}

async function copyRange(files: FileSystem, source: OpenFile, from: number, to: number, path: string): Promise<void> {
  if (await files.stat(path)) await files.unlink(path);
  const target = await files.open(path, 'create');
  try {
    const buffer = Buffer.allocUnsafe(Math.min(to - from, 2 ** 20));
    for (let position = from; position < to; ) {
      const count = await source.read(buffer.subarray(0, to - position), position);
      if (count === 0) break;
      await target.writev([buffer.subarray(0, count)], position - from);
      position += count;
    }
    await target.datasync();
  } finally {
    await target.close();
  }
  await files.syncDirectory(directoryOf(path));
}
