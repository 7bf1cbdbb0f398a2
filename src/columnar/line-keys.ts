import { aliasOf } from '../core/record-aliases.ts';
import type { AttributeColumns, KeyColumns } from './attribute-columns.ts';
import { viewOf } from './byte-codes.ts';
import { isSameText, slack } from './json-text.ts';

/** What a key of a line stands for. All but attributes may be there once. */
export const role = {
  attribute: 0,
  timestamp: 1,
  level: 2,
  service: 3,
  env: 4,
  host: 5,
  message: 6,
  traceId: 7,
  spanId: 8,
  attributes: 9,
} as const;
export type Role = (typeof role)[keyof typeof role];

const ids = { trace_id: role.traceId, span_id: role.spanId } as const;
const fields: ReadonlyMap<string, Role> = new Map<string, Role>(
  Object.entries({
    ...{ timestamp: role.timestamp, level: role.level, service: role.service, env: role.env, host: role.host },
    ...{ message: role.message, ...ids, attributes: role.attributes },
  }),
);
/** Trace and span ids count among the attributes too. */
const idsInside: ReadonlyMap<string, Role> = new Map<string, Role>(Object.entries(ids));

/** A key as it stands in lines, without escapes. */
export type LineKey = {
  role: Role;
  /** Of an attribute. */
  columns: KeyColumns | undefined;
  /** Its bytes and the closing quote. */
  view: DataView;
  size: number;
  /** The key that followed this one in the line before: a guess that saves a lookup. */
  next: LineKey | undefined;
};

/** Whether a key and its closing quote stand at `at`. */
export const isKeyAt = (key: LineKey, view: DataView, at: number): boolean =>
  at + key.size + slack <= view.byteLength && isSameText(key.view, 0, view, at, key.size);

/**
 * The keys of lines that can be read without making a record: the vocabulary's own names at the top, trace and span ids and attributes that have
 * columns there or below `attributes`. Other names of fields are none of them.
 */
export class LineKeys {
  readonly #columns: AttributeColumns;
  readonly #fields: ReadonlyMap<string, Role>;
  readonly #isTop: boolean;
  readonly #known = new Map<number, LineKey>();

  constructor(columns: AttributeColumns, place: 'top' | 'inside') {
    this.#columns = columns;
    this.#isTop = place === 'top';
    this.#fields = this.#isTop ? fields : idsInside;
  }

  /** The key at `bytes[from .. to]`, `hash` being that of the bytes; undefined where it is none that can be read so. */
  find(bytes: Buffer, view: DataView, from: number, to: number, hash: number): LineKey | undefined {
    const known = this.#known.get(hash);
    if (known !== undefined) return isKeyAt(known, view, from) ? known : undefined;
    const made = this.#make(bytes, from, to);
    if (made !== undefined) this.#known.set(hash, made);
    return made;
  }

  #make(bytes: Buffer, from: number, to: number): LineKey | undefined {
    const key = bytes.toString('utf8', from, to);
    const field = this.#fields.get(key);
    if (field === undefined && this.#isTop && aliasOf.has(key)) return undefined;
    const columns = field === undefined ? this.#columns.known(key) : undefined;
    if (field === undefined && columns === undefined) return undefined;
    const size = to + 1 - from;
    const own = new Uint8Array(size + slack);
    own.set(bytes.subarray(from, to + 1));
    return { role: field ?? role.attribute, columns, view: viewOf(own), size, next: undefined };
  }
}

/** What stands before the first key. */
export const noKey = (): LineKey => ({
  role: role.attribute,
  columns: undefined,
  view: viewOf(new Uint8Array(slack)),
  size: 0,
  next: undefined,
});
