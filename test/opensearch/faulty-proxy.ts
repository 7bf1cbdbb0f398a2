import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { xorshift } from './random.ts';

/** What a proxy does to a bulk request; other requests pass. */
export type Fault =
  /** Refused whole, not forwarded. */
  | 'busy'
  /** The connection ends before anything is forwarded. */
  | 'cut'
  /** Forwarded, and the answer lost. */
  | 'lost'
  /** Some records are forwarded; the others are answered with 429. */
  | 'partial'
  | 'none';

export type FaultyProxy = { url: string; counts: Record<Fault, number>; close(): Promise<void> };

/** A proxy before a node that hurts bulk requests at random, by a seed. `faults` holds each as often as it is to come. */
export async function startFaultyProxy(target: string, seed: number, faults: readonly Fault[]): Promise<FaultyProxy> {
  const random = xorshift(seed);
  const counts: Record<Fault, number> = { busy: 0, cut: 0, lost: 0, partial: 0, none: 0 };
  const server: Server = createServer((incoming, outgoing) => {
    const isBulk = incoming.url?.startsWith('/_bulk') === true;
    const fault = isBulk ? faults[Math.floor(random() * faults.length)]! : 'none';
    if (isBulk) counts[fault]++;
    handle(target, incoming, outgoing, fault, random).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const busy = { type: 'opensearch_rejected_execution_exception', reason: 'rejected execution of primary operation' };

async function handle(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault,
  random: () => number,
): Promise<void> {
  const body = await bytesOf(incoming);
  if (fault === 'cut') return void incoming.socket.destroy();
  if (fault === 'busy') return answer(outgoing, 429, JSON.stringify({ error: busy, status: 429 }));
  if (fault === 'partial') return await forwardSome(target, incoming, outgoing, body, random);
  const { status, text } = await forward(target, incoming, body);
  if (fault === 'lost') return void incoming.socket.destroy();
  answer(outgoing, status, text);
}

async function forwardSome(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
  random: () => number,
): Promise<void> {
  const lines = body.toString().trimEnd().split('\n');
  const pairs = Array.from({ length: lines.length / 2 }, (_, i) => `${lines[i * 2]}\n${lines[i * 2 + 1]}\n`);
  const isTaken = pairs.map(() => random() < 0.5);
  const taken = pairs.filter((_, i) => isTaken[i]);
  const items = taken.length > 0 ? JSON.parse((await forward(target, incoming, Buffer.from(taken.join('')))).text).items : [];
  const merged = isTaken.map((taken) => (taken ? items.shift() : { create: { status: 429, error: busy } }));
  answer(outgoing, 200, JSON.stringify({ errors: true, items: merged }));
}

function forward(target: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<{ status: number; text: string }> {
  const { host: _host, 'content-length': _length, ...kept } = headers;
  return new Promise((resolve, reject) => {
    const sent = request(new URL(url ?? '/', target), { method, headers: { ...kept, 'content-length': body.length } }, (got) => {
      bytesOf(got).then((bytes) => resolve({ status: got.statusCode ?? 0, text: bytes.toString() }), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function answer(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, { 'content-type': 'application/json' }).end(text);
}
