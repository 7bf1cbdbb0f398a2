import { AppError } from '../../../core/errors.ts';
import type { TableColumn, TableDefinition } from './manifest.ts';

/** A table as Athena's DDL, which is Hive's, makes it where it is missing. @throws AppError INVALID_QUERY for a name that DDL cannot quote */
export function createTable(database: string, { name, columns, partitionKeys, location, parameters }: TableDefinition): string {
  const properties = Object.entries(parameters).filter(([key]) => key !== 'EXTERNAL');
  return [
    `CREATE EXTERNAL TABLE IF NOT EXISTS ${quoted(database)}.${quoted(name)} (${columns.map(columnSql).join(', ')})`,
    `PARTITIONED BY (${partitionKeys.map(columnSql).join(', ')})`,
    'STORED AS PARQUET',
    `LOCATION ${text(location)}`,
    `TBLPROPERTIES (${properties.map(([key, value]) => `${text(key)} = ${text(value)}`).join(', ')})`,
  ].join('\n');
}

const columnSql = ({ name, type }: TableColumn): string => `${quoted(name)} ${type}`;

function quoted(name: string): string {
  if (/[`\n]/.test(name)) throw new AppError('INVALID_QUERY', `"${name}" is no name of a table or column`);
  return `\`${name}\``;
}

const text = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
