import { dayOf } from '../core/warm/file.ts';
import type { ReadStats } from '../query/plan.ts';
import { Scratch } from './chunk.ts';
import { attributeOf, type FixedColumn } from './columns.ts';
import type { EncodedPart } from './directory.ts';
import { finishFile, schemaOf } from './encode.ts';
import { type EncodedGroup, encodeGroup } from './encode-group.ts';
import type { PartGroup } from './group.ts';
import { SliceList } from './merge-group.ts';
import { Pieces } from './merge-pieces.ts';
import { type MergeOptions, type MergeSource, planMerge, type RemovedRows, slicesOf } from './merge-plan.ts';
import { chooseColumns, MergedRows } from './merge-rows.ts';
import { GrowingFile } from './parquet/pages.ts';
import { type InfoColumns, infoOf } from './part-info.ts';
import { noReads } from './rows.ts';
import type { Steps } from './steps.ts';

export type { MergeOptions, MergeSource, RemovedRows } from './merge-plan.ts';

const groupRows = 49_152;
const groupMessageBytes = 32 << 20;
const fileRows = 20 * groupRows;

/** A merged file: rows of one tenant and one hour (`dt` as `2026-11-21`, `hour` as `08`) of event time, UTC. */
export type MergedFile = { tenant: string; dt: string; hour: string; part: EncodedPart };

/**
 * Merges parts into files by tenant and hour, sorted, in row groups of about 50,000 rows and files of about a million. Of rows of one tenant with
 * one client id, the one at the lowest position is kept. Run it by `run` of `steps.ts`; it yields after each few milliseconds of work. The
 * parts must stay open meanwhile. The same rows give the same bytes.
 */
export function* mergeParts(
  parts: readonly MergeSource[],
  options: MergeOptions = {},
): Steps<{ files: MergedFile[]; removed: RemovedRows[]; stats: ReadStats }> {
  const stats = noReads();
  const { outputs, removed } = yield* planMerge(parts, options, stats);
  const files: MergedFile[] = [];
  const scratch = new Scratch();
  for (const output of outputs) {
    const hour = new Date(output.hourStartUs / 1000).toISOString().slice(11, 13);
    for (const groups of filesOf(yield* slicesOf(output))) {
      const part = yield* encodeMerged(groups, scratch, stats);
      files.push({ tenant: output.tenant, dt: dayOf(output.hourStartUs), hour, part });
    }
  }
  return { files, removed, stats };
}

function* encodeMerged(groups: readonly SliceList[], scratch: Scratch, stats: ReadStats): Steps<EncodedPart> {
  const file = new GrowingFile();
  const { columns, overflow } = yield* chooseColumns(groups, stats);
  const schema = schemaOf(
    [...columns].map((name) => ({ name, type: attributeOf(name)!.type })),
    overflow,
  );
  const encoded: EncodedGroup[] = [];
  const described: { rows: number; columns: InfoColumns }[] = [];
  for (const slices of groups) {
    const pieces = new Pieces(slices, stats);
    const rows = new MergedRows(pieces, columns);
    encoded.push(yield* encodeGroup(file, scratch, schema, rows));
    described.push({ rows: pieces.rows, columns: yield* infoColumns(rows) });
  }
  return finishFile(file, schema, encoded, infoOf(described));
}

function* infoColumns(rows: MergedRows): Steps<InfoColumns> {
  const names: FixedColumn[] = ['tenant', 'generation', 'partition', 'offset', 'timestamp', 'observed_timestamp'];
  const columns: Record<string, unknown> = {};
  for (const name of names) columns[name] = yield* rows.column(name);
  return columns as InfoColumns;
}

/** Cuts the rows of an output into files, and those into row groups, by rows and roughly by the bytes of messages. */
function* filesOf(slices: SliceList): Generator<SliceList[]> {
  let groups: SliceList[] = [];
  let rowsInFile = 0;
  for (const { group, rows } of groupsOf(slices)) {
    groups.push(group);
    rowsInFile += rows;
    if (rowsInFile < fileRows) continue;
    yield groups;
    groups = [];
    rowsInFile = 0;
  }
  if (groups.length > 0) yield groups;
}

function* groupsOf(slices: SliceList): Generator<{ group: SliceList; rows: number }> {
  let group = new SliceList();
  let rows = 0;
  let bytes = 0;
  const perRow = new Map<PartGroup, number>();
  for (let i = 0; i < slices.length; i++) {
    const source = slices.sources[i]!;
    const end = slices.toAt(i);
    let rowBytes = perRow.get(source.group);
    if (rowBytes === undefined) {
      rowBytes = messageBytes(source.group) / source.group.rows;
      perRow.set(source.group, rowBytes);
    }
    for (let from = slices.fromAt(i); from < end; ) {
      const room = Math.max(1, Math.min(groupRows - rows, Math.floor((groupMessageBytes - bytes) / Math.max(rowBytes, 1))));
      const to = Math.min(end, from + room);
      group.push(source, from, to);
      rows += to - from;
      bytes += (to - from) * rowBytes;
      from = to;
      if (rows < groupRows && bytes < groupMessageBytes) continue;
      yield { group, rows };
      group = new SliceList();
      rows = 0;
      bytes = 0;
    }
  }
  if (group.length > 0) yield { group, rows };
}

const messageBytes = (group: PartGroup): number => group.placeOf('message')?.pages.reduce((sum, [, , size]) => sum + size, 0) ?? 0;
