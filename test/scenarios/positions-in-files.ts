import { DatabaseSync } from 'node:sqlite';
import { DuckDBInstance } from '@duckdb/node-api';

/** A row as DuckDB finds it in a file that a head lists. */
export type CountedRow = { position: string; tenant: string; service: string; age: number };
type Level0 = { name: string; only?: [number, number][] };
type Heads = { level0: Level0[]; days: { tenant: string; day: string; files: { name: string }[]; absorbed: string[] }[] };

/**
 * Counts what is archived without the platform: the heads as they stand in SQLite, and DuckDB on the files that they list. A row of a level-0 file does
 * not count where its offset is outside `only`, or where the head of its tenant and day has absorbed the file.
 */
export async function rowsInFiles(dataDir: string): Promise<CountedRow[]> {
  const heads = readHeads(`${dataDir}/state.db`);
  const absorbed = new Set(heads.days.flatMap(({ tenant, day, absorbed }) => absorbed.map((name) => `${tenant} ${day} ${name}`)));
  const compacted = heads.days.flatMap(({ files }) => files.map(({ name }) => ({ name }) as Level0));
  const listed = [...heads.level0, ...compacted];
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const rows: CountedRow[] = [];
  for (const { name, only } of listed) {
    const found = await connection.runAndReadAll(
      `SELECT tenant, generation || '/' || partition || '/' || "offset" AS position, "offset"::DOUBLE AS at, service,
         strftime("timestamp" AT TIME ZONE 'UTC', '%Y-%m-%d') AS day, date_diff('day', "timestamp", observed_timestamp)::DOUBLE AS age
       FROM read_parquet('${dataDir}/warm/${name}', hive_partitioning = false)`,
    );
    for (const row of found.getRowObjects()) {
      const [tenant, at] = [row.tenant as string, row.at as number];
      if (only && !only.some(([from, to]) => at >= from && at < to)) continue;
      if (absorbed.has(`${tenant} ${row.day} ${name}`)) continue;
      rows.push({ position: row.position as string, tenant, service: row.service as string, age: row.age as number });
    }
  }
  connection.closeSync();
  instance.closeSync();
  return rows;
}

/** All heads, of one moment. */
function readHeads(path: string): Heads {
  const state = new DatabaseSync(path, { readOnly: true });
  const found = state.prepare("SELECT key, value FROM state WHERE key LIKE 'warm/partition/%' OR key LIKE 'warm/day/%'").all();
  state.close();
  const heads: Heads = { level0: [], days: [] };
  for (const { key, value } of found as { key: string; value: string }[]) {
    const head = JSON.parse(value);
    if (key.startsWith('warm/partition/')) heads.level0.push(...head.files);
    else heads.days.push(head);
  }
  return heads;
}
