import { isUtf8 } from 'node:buffer';
import type { Clock } from '../core/clock.ts';
import type { MaskSettings } from '../core/mask-settings.ts';
import type { Queue } from '../core/ports/queue.ts';
import type { IncomingMessage } from '../core/ports/streams.ts';
import { refusedLine } from '../core/refused.ts';
import { maskText } from './accept/mask.ts';
import { partitionOf } from './accept/partition-of.ts';

export type KeepRefusedDeps = {
  queue: Pick<Queue, 'append' | 'find' | 'partitions'>;
  clock: Pick<Clock, 'nowMs'>;
  maskSettings(tenant: string): MaskSettings;
  rulesVersion(): number;
  hmac(bytes: Uint8Array): Uint8Array;
};

export type RefusedMessage = { message: IncomingMessage; bytes: Buffer; code: string; detail: string };

/** What is kept of one message. Escaped it stays below what a topic takes. */
const maxKeptBytes = 256 * 1024;

/**
 * Appends messages that accept refused to the log nevertheless, masked, each as a note that every sink makes a dead letter of: with the bytes and the cause,
 * and the ledger counts them. With the same key again it appends nothing.
 * @throws AppError those of the queue
 */
export async function keepRefused(deps: KeepRefusedDeps, tenant: string, key: string, refused: readonly RefusedMessage[]): Promise<void> {
  if (await deps.queue.find(tenant, key)) return;
  const settings = deps.maskSettings(tenant);
  const lines = refused.map(({ message: { partition, offset }, bytes, code, detail }) => {
    const cut = bytes.length > maxKeptBytes ? `, cut to ${maxKeptBytes} of ${bytes.length} bytes` : '';
    const body = isUtf8(bytes)
      ? maskText(bytes.toString('utf8', 0, maxKeptBytes), settings)
      : `base64:${bytes.toString('base64', 0, maxKeptBytes)}`;
    return `${refusedLine({ code, detail: `${detail} (message ${offset} of logs.in/${partition}${cut})`, body })}\n`;
  });
  await deps.queue.append(partitionOf(tenant, key, deps.queue.partitions), {
    tenant,
    observedUs: Math.round(deps.clock.nowMs() * 1000),
    format: 'ndjson',
    payload: Buffer.from(lines.join('')),
    total: lines.length,
    accepted: undefined,
    count: lines.length,
    defaults: {},
    requestId: key,
    rulesVersion: deps.rulesVersion(),
    idempotency: { key, bodyHmac: deps.hmac(Buffer.concat(refused.map(({ bytes }) => bytes))) },
  });
}
