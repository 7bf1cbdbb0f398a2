import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { AppError } from '../../../core/errors.ts';
import type { DeadLetter, DeadLetterFilter, DeadLetters } from '../../../core/ports/dead-letters.ts';

const busyTimeoutMs = 5_000;
const defaultLimit = 100;

/** The DeadLetters in one SQLite file, which may be the StateStore's. A letter is on disk when `put` resolves. */
export class SqliteDeadLetters implements DeadLetters {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #groups: StatementSync;
  readonly #count: StatementSync;
  readonly #mark: StatementSync;

  /** Opens or makes the file. @throws AppError STORE_UNAVAILABLE */
  constructor(path: string) {
    this.#database = translate(() => open(path));
    this.#put = this.#database.prepare(`
      INSERT INTO dead_letters (id, tenant, cause, state, letter) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET tenant = excluded.tenant, cause = excluded.cause, state = excluded.state, letter = excluded.letter`);
    this.#get = this.#database.prepare('SELECT state, letter FROM dead_letters WHERE id = ? AND tenant = ?');
    this.#groups = this.#database.prepare(`
      SELECT cause, count(*) AS count, min(id) AS sampleId FROM dead_letters WHERE tenant = ? AND state = 'dead'
      GROUP BY cause ORDER BY count DESC, cause`);
    this.#count = this.#database.prepare("SELECT count(*) AS count FROM dead_letters WHERE state = 'dead'");
    this.#mark = this.#database.prepare(`
      UPDATE dead_letters SET state = ?, letter = json_set(letter, '$.lastAtMs', ?) WHERE id = ? AND state = ?`);
  }

  async put(letters: DeadLetter[]): Promise<void> {
    translate(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        for (const letter of letters) this.#put.run(letter.id, letter.tenant, letter.cause, letter.state, JSON.stringify(letter));
        this.#database.exec('COMMIT');
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  async get(tenant: string, id: string): Promise<DeadLetter | undefined> {
    const row = translate(() => this.#get.get(id, tenant));
    return row && letterOf(row);
  }

  async list({ tenant, ids, cause, state, limit = defaultLimit, after }: DeadLetterFilter): Promise<DeadLetter[]> {
    const conditions: [sql: string, value: string | undefined][] = [
      ['tenant = ?', tenant],
      ['cause = ?', cause],
      ['state = ?', state],
      ['id > ?', after],
      ['id IN (SELECT value FROM json_each(?))', ids && JSON.stringify(ids)],
    ];
    const given = conditions.filter((condition): condition is [string, string] => condition[1] !== undefined);
    const where = given.length > 0 ? `WHERE ${given.map(([sql]) => sql).join(' AND ')}` : '';
    const rows = translate(() =>
      this.#database
        .prepare(`SELECT state, letter FROM dead_letters ${where} ORDER BY id LIMIT ?`)
        .all(...given.map(([, value]) => value), limit),
    );
    return rows.map(letterOf);
  }

  async groups(tenant: string): Promise<{ cause: string; count: number; sampleId: string }[]> {
    const rows = translate(() => this.#groups.all(tenant));
    return rows.map(({ cause, count, sampleId }) => ({ cause: String(cause), count: Number(count), sampleId: String(sampleId) }));
  }

  async count(): Promise<number> {
    return translate(() => this.#count.get()!.count as number);
  }

  async mark(id: string, from: DeadLetter['state'], to: DeadLetter['state'], atMs: number): Promise<boolean> {
    return translate(() => this.#mark.run(to, atMs, id, from).changes === 1);
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}

/** The columns are what is filtered by; the state is the column's, since it changes by itself. */
const letterOf = (row: Record<string, unknown>): DeadLetter => ({
  ...(JSON.parse(row.letter as string) as DeadLetter),
  state: row.state as DeadLetter['state'],
});

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS dead_letters
      (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, cause TEXT NOT NULL, state TEXT NOT NULL, letter TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS dead_letters_by_cause ON dead_letters (tenant, state, cause, id);
  `);
  return database;
}

const diskFull = 13;

function translate<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = (error as { errcode?: number }).errcode;
    if (code === undefined) throw error;
    if ((code & 0xff) === diskFull) throw new AppError('DISK_FULL', 'the disk of the dead letters is full', { cause: error });
    throw new AppError('STORE_UNAVAILABLE', `the dead letters failed: ${(error as Error).message}`, { retryAfterS: 1, cause: error });
  }
}
