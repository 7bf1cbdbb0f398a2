import { createHash } from 'node:crypto';
import { join, name, type Sql, sql, text, Unsayable } from '../../../query/compile/sql/fragment.ts';
import { attributeColumn, compactedTable, fileColumns, level0Table, type TableDefinition } from './manifest.ts';

/** Names that Hive and Glue take for columns without escapes. */
const columnPattern = /^[a-z]+\.[\w.-]{1,200}$/i;
const compactedPath = /^tenant=([^/]+)\/dataset=(\w+)\/dt=([\d-]+)\/hour=(\d\d)\//;
const level0Path = /^level0\/p(\d+)\//;

/**
 * Spells files as rows of tables: by their partitions, and by `"$path"`, since a file counts when a head lists it, not when it lies there. Keeps the tables that
 * the statement needs.
 */
export class FilesSql {
  readonly tables = new Map<string, TableDefinition>();
  readonly #archive: string;

  /** `archive`: `s3://bucket/` with the prefix of names. */
  constructor(archive: string) {
    this.#archive = archive;
  }

  /** @throws Unsayable for files that are elsewhere, and for columns whose names a table cannot have */
  of(names: readonly string[], columns: readonly string[]): Sql {
    const attributes = columns
      .flatMap((column) => attributeColumn(column) ?? [])
      .map(({ name, type }) => ({ name: name.toLowerCase(), type }));
    if (!attributes.every((column) => columnPattern.test(column.name))) throw new Unsayable('an attribute whose name is none of a table');
    const sorted = attributes.sort((a, b) => (a.name < b.name ? -1 : 1));
    const suffix = sorted.length === 0 ? '' : `_${createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 12)}`;
    // All fixed ones: what is not read of them costs nothing.
    const selected = ['tenant', ...[...fileColumns, ...sorted].map((column) => column.name)];
    const parts: Sql[] = [];
    const add = (table: TableDefinition, found: RegExpExecArray[], keys: string[]) => {
      if (found.length === 0) return;
      this.tables.set(table.name, table);
      const paths = found.map(({ input }) => text(`${this.#archive}${input}`));
      const among = keys.map((key, i) => oneOf(name(key), [...new Set(found.map((match) => match[i + 1]!))].map(text)));
      parts.push(
        sql`SELECT ${join(selected.map(name), ', ')} FROM ${name(table.name)} WHERE ${join([...among, oneOf(sql`"$path"`, paths)], ' AND ')}`,
      );
    };
    const matches = names.map((file) => [compactedPath.exec(file), level0Path.exec(file)] as const);
    if (matches.some(([a, b]) => !a && !b)) throw new Unsayable('a file outside the tables');
    add(
      compactedTable(this.#archive, `logs${suffix}`, sorted),
      matches.flatMap(([match]) => (match ? [match] : [])),
      ['tenant', 'dataset', 'dt', 'hour'],
    );
    add(
      level0Table(this.#archive, `level0${suffix}`, sorted),
      matches.flatMap(([, match]) => (match ? [match] : [])),
      ['p'],
    );
    return sql`(${join(parts, ' UNION ALL ')}) AS files`;
  }
}

const oneOf = (column: Sql, values: readonly Sql[]): Sql => sql`${column} IN (${join(values, ', ')})`;
