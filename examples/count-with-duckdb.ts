// Counts what is in the archive of a data folder, by DuckDB and without the host: `npx node examples/count-with-duckdb.ts .logdrive`.
// A position counts once, so that files being merged right now do not count twice.
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const [dataDir = '.logdrive'] = process.argv.slice(2);
const files = join(dataDir, 'warm', '**', '*.parquet').replaceAll("'", "''");

const database = await DuckDBInstance.create(':memory:');
const connection = await database.connect();
await connection.run(`
  CREATE VIEW logs AS
  SELECT DISTINCT ON (generation, partition, "offset") *
  FROM read_parquet('${files}', union_by_name = true, filename = true, hive_partitioning = false)
  WHERE tenant <> 'logdrive-system'`);
const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson();

const [[count, records] = []] = await rows('SELECT count(DISTINCT filename)::INT, count(*)::INT FROM logs');
const levels = await rows('SELECT level, count(*)::INT FROM logs GROUP BY level ORDER BY level');
console.log(JSON.stringify({ files: count, records, levels: Object.fromEntries(levels) }));
connection.closeSync();
