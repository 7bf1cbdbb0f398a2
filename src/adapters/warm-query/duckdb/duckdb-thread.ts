import { mkdir, rm, writeFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBTimestampTZValue,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  listValue,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api';
import { AppError, errorToPlain } from '../../../core/errors.ts';
import type { SqlValue } from '../../../query/compile/sql/fragment.ts';
import type { Answer, Query, ThreadData, ToThread } from './messages.ts';

const port = parentPort!;
const { root, temporary, threads, memoryBytes, spillBytes } = workerData as ThreadData;

/** Text of a setting, which takes no bound values. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const instance = await open();
/** By the number of the query. */
const running = new Map<number, DuckDBConnection>();
const cancelled = new Set<number>();

port.on('message', (message: ToThread) => {
  if ('query' in message) void answer(message.query);
  else if ('cancel' in message) cancel(message.cancel);
  else stop();
});

/** Opens the one instance, in memory, and locks it: it reads the two folders only, loads nothing, and what is set stays set. */
async function open(): Promise<DuckDBInstance> {
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  const made = await DuckDBInstance.create(':memory:', { threads: String(threads) });
  const connection = await made.connect();
  const folders = [root, temporary].map((folder) => quoted(`${folder}/`));
  for (const setting of [
    "TimeZone = 'UTC'",
    `memory_limit = '${memoryBytes}B'`,
    `temp_directory = ${quoted(`${temporary}/spilled`)}`,
    `max_temp_directory_size = '${spillBytes}B'`,
    'preserve_insertion_order = false',
    'autoinstall_known_extensions = false',
    'autoload_known_extensions = false',
    `allowed_directories = [${folders.join(', ')}]`,
    'enable_external_access = false',
    'lock_configuration = true',
  ]) {
    await connection.run(`SET ${setting}`);
  }
  connection.closeSync();
  return made;
}

async function answer(query: Query): Promise<void> {
  const { id, temporary: files } = query;
  let answered: Answer;
  try {
    for (const { path, parts } of files) await writeFile(path, parts);
    answered = { id, rows: await run(query) };
  } catch (error) {
    const isMalformed = error instanceof Error && error.message.includes('Malformed JSON');
    answered = isMalformed ? { id, malformed: true } : { id, error: errorToPlain(translated(error)) };
  }
  for (const { path } of files) await rm(path, { force: true });
  port.postMessage(answered);
}

async function run({ id, text, values, timeoutMs }: Query): Promise<unknown[][]> {
  const connection = await instance.connect();
  running.set(id, connection);
  if (cancelled.has(id)) throw new Error('INTERRUPT Error: cancelled');
  const timer = setTimeout(() => connection.interrupt(), timeoutMs);
  try {
    const bound = values.map(boundValue);
    const result = await connection.runAndReadAll(
      text,
      bound.map(([value]) => value),
      bound.map(([, type]) => type),
    );
    return result.getRows();
  } finally {
    clearTimeout(timer);
    running.delete(id);
    cancelled.delete(id);
    connection.closeSync();
  }
}

function boundValue(value: SqlValue): [DuckDBValue, DuckDBType] {
  switch (value.type) {
    case 'text':
      return [value.value, VARCHAR];
    case 'number':
      return [value.value, DOUBLE];
    case 'integer':
      return [BigInt(value.value), BIGINT];
    case 'boolean':
      return [value.value, BOOLEAN];
    case 'time':
      return [new DuckDBTimestampTZValue(BigInt(Math.ceil(value.us))), TIMESTAMPTZ];
    case 'texts':
      return [listValue(value.values), LIST(VARCHAR)];
  }
}

function translated(error: unknown): AppError {
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith('INTERRUPT')) return new AppError('QUERY_TIMEOUT', 'the query was stopped; ask for less time or fewer groups');
  if (message.startsWith('Out of Memory')) {
    const limit = `${Math.round(memoryBytes / 2 ** 20)} MiB`;
    return new AppError('STORE_UNAVAILABLE', `the query needs more memory than the ${limit} it may use; ask for less time or fewer groups`);
  }
  if (message.startsWith('IO Error')) {
    return new AppError('STORE_UNAVAILABLE', 'a file of the archive could not be read; ask again', { retryAfterS: 1, cause: error });
  }
  return new AppError('INTERNAL', `the SQL engine failed: ${message}`, { cause: error });
}

/** Stops a query that nobody waits for: one that has not begun yet, as soon as it does. */
function cancel(id: number): void {
  const connection = running.get(id);
  if (connection) connection.interrupt();
  else cancelled.add(id);
}

/** Ends the thread once no query runs; those that do are interrupted. */
function stop(): void {
  for (const connection of running.values()) connection.interrupt();
  const ending = setInterval(() => {
    if (running.size > 0) return;
    clearInterval(ending);
    instance.closeSync();
    process.exit(0);
  }, 1);
}
