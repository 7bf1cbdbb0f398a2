import { name, type Sql, sql, Unsayable } from './fragment.ts';

const textColumns = ['tenant', 'level', 'service', 'env', 'host', 'message', 'trace_id', 'span_id', 'client_id'];
const numberColumns = ['generation', 'partition', 'offset', 'severity', 'timestamp', 'observed_timestamp'];
/** The columns that every file has. */
const fixedColumns = new Set([...textColumns, ...numberColumns]);

/** The columns of the files of one query, and which of them it needs. */
export class Columns {
  readonly #known: Set<string>;
  readonly #needed = new Set<string>();

  constructor(files: readonly { columns: readonly string[] }[]) {
    this.#known = new Set(files.flatMap(({ columns }) => columns));
  }

  get needed(): readonly string[] {
    return [...this.#needed];
  }

  /**
   * A column to read, or undefined where no file has it.
   * @throws Unsayable for a name that differs in case only from another: SQL takes the two for one, and numbers the second of a file
   */
  use(column: string): Sql | undefined {
    if (!fixedColumns.has(column)) {
      if (!this.#known.has(column)) return undefined;
      for (const other of this.#known) if (other !== column && isTakenFor(column, other)) throw new Unsayable(`${column} beside ${other}`);
    }
    this.#needed.add(column);
    return name(column);
  }

  fixed(column: string): Sql {
    this.#needed.add(column);
    return name(column);
  }
}

function isTakenFor(column: string, other: string): boolean {
  const [a, b] = [column.toLowerCase(), other.toLowerCase()];
  return a === b || (a.startsWith(`${b}_`) && /^\d+$/.test(a.slice(b.length + 1)));
}

/** What is selected from files for a column they may lack: its values or NULL, under its name. */
export function selected(column: string, present: ReadonlySet<string>, types: { text: Sql; number: Sql; boolean: Sql }): Sql {
  if (fixedColumns.has(column) || present.has(column)) return name(column);
  const type = column.startsWith('num.') ? types.number : column.startsWith('bool.') ? types.boolean : types.text;
  return sql`CAST(NULL AS ${type}) AS ${name(column)}`;
}
