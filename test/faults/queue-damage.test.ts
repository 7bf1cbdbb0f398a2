import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSegmentQueue } from '../../src/adapters/queue/segment/segment-queue.ts';
import { openSegmentReader } from '../../src/adapters/queue/segment/segment-reader.ts';
import { manualClock } from '../../src/core/clock.ts';
import { type FileSystem, readFile } from '../../src/core/ports/file-system.ts';
import type { Hole, QueueBatch, RawBatch } from '../../src/core/ports/queue.ts';
import { batchOf, keyed, readAll } from '../contract/queue.contract.ts';
import { ModelFileSystem } from './model-file-system.ts';

const folder = '/queue';
const partition = `${folder}/p0`;

/** What befalls one segment: `at` and `length` are shares of its size. */
type Damage = { kind: 'overwrite' | 'remove' | 'insert' | 'cut'; segment: number; at: number; length: number; byte: number };
const damages = fc.record<Damage>({
  kind: fc.constantFrom('overwrite', 'remove', 'insert', 'cut'),
  segment: fc.nat(20),
  at: fc.double({ min: 0, max: 0.999, noNaN: true }),
  length: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.5, noNaN: true })),
  byte: fc.nat(255),
});

test('whatever befalls a segment, each offset is read as it was appended, or is in a hole, or was in the tail that was never proven durable', async () => {
  await fc.assert(
    fc.asyncProperty(damages, fc.boolean(), async (damage, isClosed) => {
      const before = new ModelFileSystem();
      const sent = await fill(before, isClosed);
      const { isNewest, range, content } = await inflict(before, damage);
      const untouched = untouchedBy(range, content, sent);

      const found = await contentOf(before.afterKill());
      const files = found.files;
      expect(covered(found.batches, found.holes)).toEqual({ from: 0, to: found.end });
      for (const batch of found.batches) expect(fieldsOf(batch)).toEqual(fieldsOf(sent.get(batch.baseOffset)!));
      if (!isNewest) {
        expect(found.end).toBe(endOf(sent));
        for (const offset of untouched) expect(found.batches.some(({ baseOffset }) => baseOffset === offset)).toBe(true);
      }
      expect(rangesOf(found.passed)).toEqual(rangesOf(found.holes));

      const again = await contentOf(files.afterKill());
      expect(rangesOf(again.holes)).toEqual(rangesOf(found.holes));
      expect(again.end).toBe(found.end);
    }),
    { numRuns: 300 },
  );
});

test('a damaged batch at the end of a log that was closed in order is a hole, not a torn tail', async () => {
  const files = new ModelFileSystem();
  const sent = await fill(files, true);
  const last = [...sent.values()].at(-1)!;
  const path = `${partition}/${(await files.list(partition)).at(-1)}`;
  const content = Buffer.from((await readFile(files, path)).buffer);
  await overwrite(files, path, content.indexOf(last.payload as Buffer), Buffer.from('#'));
  const { holes, end } = await contentOf(files.afterKill());
  expect(end).toBe(endOf(sent));
  expect(rangesOf(holes)).toEqual([[last.baseOffset, end]]);
});

test('the damaged bytes are kept beside the log', async () => {
  const files = new ModelFileSystem();
  const sent = await fill(files, false);
  const path = `${partition}/${(await files.list(partition))[0]}`;
  const content = Buffer.from((await readFile(files, path)).buffer);
  const first = sent.get(0)!;
  await overwrite(files, path, content.indexOf(first.payload as Buffer), Buffer.from('#'));
  const after = await contentOf(files.afterKill());
  const [kept] = await after.files.list(`${folder}/quarantine`);
  const bytes = Buffer.from((await readFile(after.files, `${folder}/quarantine/${kept}`)).buffer);
  expect(bytes.includes(first.payload.subarray(1) as Buffer)).toBe(true);
  expect(after.holes[0]!.detail).toContain(kept);
});

/** Appends groups of batches over several segments; the last group holds several. */
async function fill(files: FileSystem, isClosed: boolean): Promise<Map<number, RawBatch & { baseOffset: number }>> {
  const queue = await openQueue(files);
  const sent = new Map<number, RawBatch & { baseOffset: number }>();
  for (let group = 0; group < 8; group++) {
    const batches = [keyed(`k${group}`, 'acme', `key ${group}`), batchOf(`a${group}`, 1 + (group % 3)), batchOf(`b${group}`, 4)];
    const appended = await Promise.all(batches.map((batch) => queue.append(0, batch)));
    for (const [index, { runs }] of appended.entries()) sent.set(runs[0]![0], { ...batches[index]!, baseOffset: runs[0]![0] });
  }
  if (isClosed) await queue.close();
  return sent;
}

async function inflict(files: FileSystem, { kind, segment, at, length, byte }: Damage) {
  const names = (await files.list(partition)).filter((name) => name.endsWith('.seg'));
  const index = segment % names.length;
  const path = `${partition}/${names[index]}`;
  const content = Buffer.from((await readFile(files, path)).buffer);
  const from = Math.floor(at * content.byteLength);
  const to = Math.min(content.byteLength, from + 1 + Math.floor(length * content.byteLength));
  const extra = Buffer.alloc(to - from, byte);
  const parts = {
    overwrite: [content.subarray(0, from), extra, content.subarray(to)],
    remove: [content.subarray(0, from), content.subarray(to)],
    insert: [content.subarray(0, from), extra, content.subarray(from)],
    cut: [content.subarray(0, from)],
  }[kind];
  const range = { from, to: kind === 'cut' ? content.byteLength : kind === 'insert' ? from : to };
  const file = await files.open(path, 'write');
  await file.truncate(0);
  await file.writev(parts, 0);
  return { isNewest: index === names.length - 1, range, content };
}

/** The first offsets of batches of the damaged segment whose bytes are all outside the damaged ones, with room for their headers. */
function untouchedBy({ from, to }: { from: number; to: number }, content: Buffer, sent: Map<number, RawBatch>): number[] {
  const headerBytes = 200;
  return [...sent].flatMap(([offset, { payload }]) => {
    const at = content.indexOf(payload as Buffer);
    return at >= 0 && (at - headerBytes >= to || at + payload.byteLength <= from) ? [offset] : [];
  });
}

async function contentOf(files: ModelFileSystem) {
  const queue = await openQueue(files);
  const passed: Hole[] = [];
  const reader = openSegmentReader({ folder, files, ends: queue.durableEnds(), onHole: (hole) => passed.push(hole) });
  const batches = await readAll(reader, 0, 0);
  const holes = await queue.holes();
  return { files, batches, holes, passed, end: queue.durableEnds()[0]!.end };
}

/** The one range that batches and holes make up together, without gap or overlap. */
function covered(batches: QueueBatch[], holes: Hole[]): { from: number; to: number } {
  const parts = [...batches.map(({ baseOffset, count }) => [baseOffset, baseOffset + count] as const), ...rangesOf(holes)];
  let to = 0;
  for (const part of parts.sort(([a], [b]) => a - b)) {
    expect(part[0]).toBe(to);
    to = part[1];
  }
  return { from: 0, to };
}

const rangesOf = (holes: Hole[]) => holes.map(({ from, to }) => [from, to] as const);
const endOf = (sent: Map<number, RawBatch>) => [...sent].reduce((end, [offset, { count }]) => Math.max(end, offset + count), 0);
const fieldsOf = ({ requestId, tenant, payload, count, total, idempotency }: RawBatch) => ({
  requestId,
  tenant,
  count,
  total,
  payload: Buffer.from(payload).toString(),
  key: idempotency?.key,
});

async function overwrite(files: FileSystem, path: string, position: number, bytes: Uint8Array): Promise<void> {
  const file = await files.open(path, 'write');
  await file.writev([bytes], position);
  await file.close();
}

function openQueue(files: FileSystem) {
  return openSegmentQueue({ folder, files, clock: manualClock(2000), generation: 1, segmentBytes: 2000, maxBytes: 1_000_000 });
}
