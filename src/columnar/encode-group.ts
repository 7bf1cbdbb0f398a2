import { HashSet } from './bloom.ts';
import type { EncodedColumn, Scratch } from './chunk.ts';
import type { Column, HeapColumn, NumberColumn, TextColumn } from './columns.ts';
import type { GroupPlace } from './directory.ts';
import { encodeIds, encodeMessages } from './encode-heap.ts';
import { encodeBooleans, encodeDeltas, encodeDoubles, encodeSmall } from './encode-numbers.ts';
import { encodeText } from './encode-text.ts';
import type { GroupEncoding } from './group-encoding.ts';
import { cutPages } from './order.ts';
import type { ColumnSchema } from './parquet/footer.ts';
import { compress, type GrowingFile } from './parquet/pages.ts';
import type { Steps } from './steps.ts';
import { WordIndex } from './word-index.ts';

/** Rows to be written as one row group: their columns, and their row numbers there in the order of the file. A column may be asked for twice. */
export type GroupSource = { rows: number; order: Uint32Array; column(name: string): Steps<Column> };

/** A row group whose columns are in the file and whose index is not yet. */
export type EncodedGroup = { columns: readonly EncodedColumn[]; writeIndex(): Omit<GroupPlace, 'columns'> };

/** Appends one row group's columns to a file; yields after each few milliseconds of work. */
export function* encodeGroup(
  file: GrowingFile,
  scratch: Scratch,
  schema: readonly ColumnSchema[],
  source: GroupSource,
): Steps<EncodedGroup> {
  const { rows, order } = source;
  const filter = new HashSet();
  const cuts = cutPages((yield* source.column('message')) as HeapColumn, order, rows);
  const group: GroupEncoding = { file, rows, order, cuts, scratch, filter, idPages: new HashSet(), words: new WordIndex(filter) };
  const places = yield* placesOf(group, source);
  yield;
  const columns: EncodedColumn[] = [];
  for (const column of schema) {
    columns.push(yield* encodeColumn(group, column, yield* source.column(column.name)));
    yield;
  }
  const index = yield* encodeIndex(group);
  return { columns, writeIndex: () => ({ rows, cuts, ...places, ...writeIndex(file, index) }) };
}

function encodeColumn(group: GroupEncoding, schema: ColumnSchema, column: Column): Steps<EncodedColumn> {
  switch (column.kind) {
    case 'text':
      return encodeText(group, schema, column);
    case 'number':
      return schema.type === 'int64' ? encodeDeltas(group, schema, column) : encodeDoubles(group, schema, column);
    case 'small':
      return encodeSmall(group, schema, column);
    case 'boolean':
      return encodeBooleans(group, schema, column);
    case 'heap':
      return schema.name === 'message' ? encodeMessages(group, schema, column) : encodeIds(group, schema, column);
  }
}

/** A row group's index as bytes: a twentieth of what it is made in, which a file of many row groups would else hold for all of them. */
type EncodedIndex = {
  prunable: boolean;
  words: { bytes: Buffer; size: number; textSize: number; count: number } | undefined;
  filter: Buffer;
  idPages: Buffer | undefined;
};

function* encodeIndex({ words, filter, idPages }: GroupEncoding): Steps<EncodedIndex> {
  const encoded = words.encode();
  const compressed = encoded && compress(encoded.bytes);
  yield;
  const filterBytes = yield* filter.toFilter();
  yield;
  const idPagesBytes = idPages.size > 0 ? yield* idPages.toFilter() : undefined;
  yield;
  return {
    prunable: words.prunable,
    words:
      encoded && compressed
        ? { bytes: compressed, size: encoded.bytes.length, textSize: encoded.textSize, count: encoded.count }
        : undefined,
    filter: filterBytes,
    idPages: idPagesBytes,
  };
}

function writeIndex(
  file: GrowingFile,
  { prunable, words, filter, idPages }: EncodedIndex,
): Pick<GroupPlace, 'words' | 'filter' | 'idPages' | 'prunable'> {
  return {
    prunable,
    words: words
      ? { at: file.put(words.bytes), length: words.bytes.length, size: words.size, textSize: words.textSize, count: words.count }
      : null,
    filter: { at: file.put(filter), length: filter.length },
    idPages: idPages ? { at: file.put(idPages), length: idPages.length } : null,
  };
}

/** The runs of one tenant and service, and the times of each page. */
function* placesOf(group: GroupEncoding, source: GroupSource): Steps<Pick<GroupPlace, 'runs' | 'times' | 'minTimestamp' | 'maxTimestamp'>> {
  const { order, rows, cuts } = group;
  const timestamps = ((yield* source.column('timestamp')) as NumberColumn).values;
  const times: number[] = [];
  for (let page = 0; page + 1 < cuts.length; page++) {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = cuts[page]!; i < cuts[page + 1]!; i++) {
      const time = timestamps[order[i]!]!;
      if (time < least) least = time;
      if (time > most) most = time;
    }
    times.push(least, most);
  }
  const minTimestamp = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const maxTimestamp = times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return { runs: yield* runsOf(order, rows, source), times, minTimestamp, maxTimestamp };
}

function* runsOf(order: Uint32Array, rows: number, source: GroupSource): Steps<GroupPlace['runs']> {
  const tenant = (yield* source.column('tenant')) as TextColumn;
  const service = (yield* source.column('service')) as TextColumn;
  const runs: GroupPlace['runs'] = [];
  let start = 0;
  for (let i = 1; i <= rows; i++) {
    const first = order[start]!;
    if (i < rows && tenant.codes[order[i]!] === tenant.codes[first] && service.codes[order[i]!] === service.codes[first]) continue;
    runs.push([tenant.values[tenant.codes[first]! - 1]!, service.values[service.codes[first]! - 1]!, i - start]);
    start = i;
  }
  return runs;
}
