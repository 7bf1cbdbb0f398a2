// Sends records to a server as fast as it answers, over raw sockets so that it costs little itself:
// node bench/load.ts --port PORT [--path /logs] [--connections 16] [--records 1000000 | --seconds 30] [--array]
// Prints one line of JSON: what was answered 200 or 202, what was refused and sent again, and how long it took.
import { closeSync, openSync, readSync } from 'node:fs';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { recordsFile } from './records-file.ts';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string' },
    path: { type: 'string', default: '/logs' },
    connections: { type: 'string', default: '16' },
    records: { type: 'string', default: '1000000' },
    seconds: { type: 'string' },
    array: { type: 'boolean', default: false },
  },
});
const recordsPerRequest = 500;
const wanted = options.seconds === undefined ? Number(options.records) / recordsPerRequest : Number.POSITIVE_INFINITY;

export type LoadResult = { accepted: number; refused: number; seconds: number; bytes: number; p50Ms: number; p99Ms: number };

/** The records as whole HTTP requests. */
function requestsOf(path: string): Buffer[] {
  const requests: Buffer[] = [];
  const head = `POST ${options.path} HTTP/1.1\r\nhost: 127.0.0.1:${options.port}\r\ncontent-type: ${options.array ? 'application/json' : 'application/x-ndjson'}\r\n`;
  for (const body of bodiesOf(path)) requests.push(Buffer.concat([Buffer.from(`${head}content-length: ${body.length}\r\n\r\n`), body]));
  return requests;
}

function* bodiesOf(path: string): Generator<Buffer> {
  const file = openSync(path, 'r');
  let rest: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk = Buffer.allocUnsafe(8 << 20);
    const bytes = Buffer.concat([rest, chunk.subarray(0, readSync(file, chunk))]);
    if (bytes.length === rest.length) break;
    let from = 0;
    for (let to = endOfLines(bytes, from); to >= 0; to = endOfLines(bytes, from)) {
      yield options.array ? asArray(bytes.subarray(from, to - 1)) : Buffer.from(bytes.subarray(from, to));
      from = to;
    }
    rest = bytes.subarray(from);
  }
  closeSync(file);
}

/** The end of one request's lines from `from` on; -1 where they are not all there. */
function endOfLines(bytes: Buffer, from: number): number {
  let at = from;
  for (let line = 0; line < recordsPerRequest; line++) {
    const feed = bytes.indexOf(10, at);
    if (feed < 0) return -1;
    at = feed + 1;
  }
  return at;
}

const asArray = (lines: Buffer): Buffer =>
  Buffer.concat([Buffer.from('['), lines.map((byte) => (byte === 10 ? 44 : byte)) as Buffer, Buffer.from(']')]);

const requests = requestsOf(recordsFile());
const result: LoadResult = { accepted: 0, refused: 0, seconds: 0, bytes: 0, p50Ms: 0, p99Ms: 0 };
const tookMs: number[] = [];
let next = 0;
let endMs = Number.POSITIVE_INFINITY;

/** Sends requests over one connection, each after the answer to the one before; a refused one again, when the server said. */
function run(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(options.port), '127.0.0.1');
    let request = requests[0]!;
    let sentMs = 0;
    let answer = '';
    const send = (again: boolean) => {
      if (!again && (next >= wanted || performance.now() >= endMs)) {
        socket.end();
        resolve();
        return;
      }
      if (!again) request = requests[next++ % requests.length]!;
      sentMs = performance.now();
      socket.write(request);
    };
    socket.setEncoding('latin1');
    socket.on('connect', () => send(false));
    socket.on('error', reject);
    socket.on('data', (text: string) => {
      answer += text;
      const headEnd = answer.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(answer)?.[1] ?? 0);
      if (answer.length < headEnd + 4 + length) return;
      const status = answer.slice(9, 12);
      const retryAfterS = Number(/retry-after: (\d+)/i.exec(answer)?.[1] ?? 1);
      const problem = answer.slice(headEnd + 4);
      answer = '';
      if (status === '202' || status === '200') {
        result.accepted += recordsPerRequest;
        result.bytes += request.length;
        tookMs.push(performance.now() - sentMs);
        send(false);
      } else if (['429', '503', '507'].includes(status)) {
        result.refused += recordsPerRequest;
        setTimeout(send, retryAfterS * 1000, true);
      } else reject(new Error(`answered ${status}: ${problem}`));
    });
  });
}

const startMs = performance.now();
if (options.seconds !== undefined) endMs = startMs + Number(options.seconds) * 1000;
await Promise.all(Array.from({ length: Number(options.connections) }, run));
result.seconds = (performance.now() - startMs) / 1000;
tookMs.sort((a, b) => a - b);
result.p50Ms = tookMs[tookMs.length >> 1] ?? 0;
result.p99Ms = tookMs[Math.floor(tookMs.length * 0.99)] ?? 0;
console.log(JSON.stringify(result));
