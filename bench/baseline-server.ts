// The least that a durable ingest server in Node can do, to measure against: node:http, JSON.parse of each body, one fdatasync for all requests
// that wait, then their answers: node bench/baseline-server.ts PORT FOLDER
import { fdatasync, openSync, writev } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';

const write = promisify(writev);
const sync = promisify(fdatasync);
const [port, folder] = process.argv.slice(2);
const file = openSync(join(folder!, 'log'), 'w');
type Waiting = { chunks: Buffer[]; answer: () => void };
let waiting: Waiting[] = [];
let isRunning = false;

/** Writes what waits in groups, each synced once. */
async function commit(): Promise<void> {
  isRunning = true;
  while (waiting.length > 0) {
    const group = waiting;
    waiting = [];
    await write(
      file,
      group.flatMap(({ chunks }) => chunks),
    );
    await sync(file);
    for (const { answer } of group) answer();
  }
  isRunning = false;
}

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const records: unknown[] = JSON.parse(Buffer.concat(chunks).toString());
    const answer = () => response.writeHead(202, { 'content-type': 'application/json' }).end(`{"accepted":${records.length}}`);
    waiting.push({ chunks, answer });
    if (!isRunning) void commit();
  });
}).listen(Number(port), '127.0.0.1', () => process.stderr.write('ready\n'));
