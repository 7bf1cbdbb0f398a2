import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { AppError } from '../../../core/errors.ts';
import { maxStateBytes, maxStateWrites, type StateStore, type StateWrite, type Versioned } from '../../../core/ports/state-store.ts';

/** How long a writer waits for the other thread's transaction. */
const busyTimeoutMs = 5_000;

/**
 * The StateStore in one SQLite file. A commit is on disk when it resolves (WAL with synchronous=FULL). Several threads and processes may open
 * the same file. Versions come from one counter, so that a key that was deleted and made again never has an old one.
 */
export class SqliteStateStore implements StateStore {
  readonly #database: DatabaseSync;
  readonly #version: StatementSync;
  readonly #value: StatementSync;
  readonly #list: StatementSync;
  readonly #nextVersion: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;

  /** Opens or makes the file. `path` is that of the database itself; SQLite puts two more beside it. @throws AppError STORE_UNAVAILABLE */
  constructor(path: string) {
    this.#database = translate(() => open(path));
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#version = prepare('SELECT version FROM state WHERE key = ?');
    this.#value = prepare('SELECT version, value FROM state WHERE key = ?');
    this.#list = prepare('SELECT key, version, value FROM state WHERE key >= ? AND key < ? ORDER BY key');
    this.#nextVersion = prepare('UPDATE counter SET version = version + 1 RETURNING version');
    this.#insert = prepare('INSERT INTO state (key, version, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
    this.#update = prepare('UPDATE state SET version = ?, value = ? WHERE key = ? AND version = ?');
    this.#delete = prepare('DELETE FROM state WHERE key = ? AND version = ?');
  }

  async get<T>(key: string, known?: Versioned<T>): Promise<Versioned<T> | undefined> {
    return translate(() => {
      if (known && this.#version.get(key)?.version === known.version) return known;
      const row = this.#value.get(key);
      return row && { value: JSON.parse(row.value as string) as T, version: row.version as number };
    });
  }

  async list<T>(prefix: string): Promise<({ key: string } & Versioned<T>)[]> {
    // Keys are paths: no character is above U+FFFF, so the prefix with it is above every key that begins with the prefix.
    const rows = translate(() => this.#list.all(prefix, `${prefix}\uffff`));
    return rows.map(({ key, version, value }) => ({
      key: key as string,
      version: version as number,
      value: JSON.parse(value as string) as T,
    }));
  }

  async compareAndSet(key: string, version: number, value: unknown): Promise<number | undefined> {
    return this.#write([{ key, version, value }]);
  }

  async transact(writes: StateWrite[]): Promise<boolean> {
    return this.#write(writes) !== undefined;
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  /** Pragmas that durability rests on, as the open connection has them. */
  pragma(name: 'journal_mode' | 'synchronous' | 'busy_timeout'): unknown {
    return Object.values(this.#database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  }

  #write(writes: StateWrite[]): number | undefined {
    if (writes.length > maxStateWrites)
      throw new AppError('INTERNAL', `a transaction of ${writes.length} keys: at most ${maxStateWrites} fit`);
    const texts = writes.map(({ key, value }) => (value === undefined ? undefined : textOf(key, value)));
    return translate(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const next = this.#nextVersion.get()?.version as number;
        const held = writes.every((write, index) => this.#apply(write, texts[index], next));
        this.#database.exec(held ? 'COMMIT' : 'ROLLBACK');
        return held ? next : undefined;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** Applies one write inside the transaction; false when its condition fails. */
  #apply({ key, version }: StateWrite, text: string | undefined, next: number): boolean {
    if (text === undefined) return version === 0 ? this.#version.get(key) === undefined : this.#delete.run(key, version).changes === 1;
    if (version === 0) return this.#insert.run(key, next, text).changes === 1;
    return this.#update.run(next, text, key, version).changes === 1;
  }
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL);
    INSERT INTO counter (id, version) VALUES (1, 0) ON CONFLICT DO NOTHING;
  `);
  return database;
}

function textOf(key: string, value: unknown): string {
  const text = JSON.stringify(value);
  if (text.length > maxStateBytes || Buffer.byteLength(text) > maxStateBytes)
    throw new AppError('INTERNAL', `the value of ${key} has ${text.length} bytes: at most ${maxStateBytes} fit`);
  return text;
}

const diskFull = 13;

/** Turns SQLite's errors into ours. https://www.sqlite.org/rescode.html */
function translate<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = (error as { errcode?: number }).errcode;
    if (code === undefined) throw error;
    if ((code & 0xff) === diskFull) throw new AppError('DISK_FULL', 'the disk of the state store is full', { cause: error });
    throw new AppError('STORE_UNAVAILABLE', `the state store failed: ${(error as Error).message}`, { retryAfterS: 1, cause: error });
  }
}
