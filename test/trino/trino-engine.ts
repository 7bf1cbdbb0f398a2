import { setTimeout as wait } from 'node:timers/promises';
import type { Answer, Cell, SqlEngine } from '../../src/adapters/warm-query/athena/engine.ts';
import type { TableColumn, TableDefinition } from '../../src/adapters/warm-query/athena/manifest.ts';
import { AppError } from '../../src/core/errors.ts';

/** Trino's answer to a statement, a page at a time. https://trino.io/docs/current/develop/client-protocol.html */
type Page = { nextUri?: string; data?: Cell[][]; error?: { errorName: string; errorType: string; message: string } };

/** A running Trino whose catalog `warm` has its files in `folder`, under `local:///`. */
export const trinoAt = { url: process.env.LOGDRIVE_TEST_TRINO ?? '', folder: process.env.LOGDRIVE_TEST_TRINO_FOLDER ?? '' };

/** Trino as the engine of the Athena adapter: the same statements, the same tables, another way to ask. */
export class TrinoEngine implements SqlEngine {
  readonly #schema: string;
  readonly statements: string[] = [];

  constructor(schema: string) {
    this.#schema = schema;
  }

  async run(statement: string): Promise<Answer> {
    this.statements.push(statement);
    const headers = { 'x-trino-user': 'test', 'x-trino-catalog': 'warm', 'x-trino-schema': this.#schema };
    const rows: Cell[][] = [];
    let page = (await (await fetch(`${trinoAt.url}/v1/statement`, { method: 'POST', body: statement, headers })).json()) as Page;
    for (;;) {
      const { error, data = [], nextUri } = page;
      if (error)
        throw new AppError(
          error.errorType === 'USER_ERROR' ? 'INVALID_QUERY' : 'STORE_UNAVAILABLE',
          `${error.errorName}: ${error.message}`,
        );
      rows.push(...data);
      if (!nextUri) return { rows, scannedBytes: 0 };
      page = (await (await fetch(nextUri)).json()) as Page;
    }
  }

  /** Says a table of Glue's words in Trino's. */
  async ensureTable(table: TableDefinition): Promise<void> {
    const projected = ({ name, type }: TableColumn) => {
      const properties = Object.entries(table.parameters).flatMap(([key, value]) => {
        const [, property] = new RegExp(`^projection\\.${name}\\.(.*)$`).exec(key) ?? [];
        return property ? [`partition_projection_${property} = ${propertyOf(property, value)}`] : [];
      });
      return `"${name}" ${typeOf(type)} WITH (${properties.join(', ')})`;
    };
    const columns = [...table.columns.map(({ name, type }) => `"${name}" ${typeOf(type)}`), ...table.partitionKeys.map(projected)];
    const properties = {
      format: `'PARQUET'`,
      external_location: `'${table.location}'`,
      partitioned_by: `ARRAY[${table.partitionKeys.map(({ name }) => `'${name}'`).join(', ')}]`,
      partition_projection_enabled: 'true',
      partition_projection_location_template: `'${table.parameters['storage.location.template']}'`,
    };
    const settings = Object.entries(properties).map(([key, value]) => `${key} = ${value}`);
    await this.run(`CREATE TABLE IF NOT EXISTS "${table.name}" (${columns.join(', ')}) WITH (${settings.join(', ')})`);
  }

  async close(): Promise<void> {}
}

const typeOf = (type: TableColumn['type']): string =>
  ({ string: 'VARCHAR', int: 'INTEGER', bigint: 'BIGINT', double: 'DOUBLE', boolean: 'BOOLEAN' })[type];

function propertyOf(property: string, value: string): string {
  const quoted = (part: string) => `'${part}'`;
  if (property === 'range' || property === 'values') return `ARRAY[${value.split(',').map(quoted).join(', ')}]`;
  if (property === 'digits') return value;
  return quoted(property === 'type' ? value.toUpperCase() : value);
}

/** Waits until Trino answers a statement, not only a connection. */
export async function whenTrinoAnswers(engine: TrinoEngine, withinMs: number): Promise<void> {
  for (const until = Date.now() + withinMs; ; await wait(250)) {
    try {
      await engine.run('SELECT 1');
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
    }
  }
}
