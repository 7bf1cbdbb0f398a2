import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { MaskSettings } from '../core/mask-settings.ts';
import type { Queue } from '../core/ports/queue.ts';
import type { IncomingMessage, TakeIn, TakenIn } from '../core/ports/streams.ts';
import { systemTenant } from '../core/tenant.ts';
import type { Accept } from './accept/accept.ts';
import { mask } from './accept/mask.ts';
import { partitionOf } from './accept/partition-of.ts';

export type TakeInDeps = {
  accept: Accept;
  queue: Pick<Queue, 'append' | 'partitions'>;
  clock: Pick<Clock, 'nowMs'>;
  maskSettings(tenant: string): MaskSettings;
  rulesVersion(): number;
};

type Line = { message: IncomingMessage; bytes: Buffer };
type Refused = Line & { why: string };

/** What one request holds at most. */
const maxMessages = 1_000;
const maxBytes = 4 * 1024 * 1024;
/** What is kept of a refused message. */
const maxKept = 64 * 1024;

/**
 * Makes the verb take-in: runs accept on messages that services wrote straight to the stream, as if they had come by HTTP. Those that accept
 * refuses are appended nevertheless, masked, as JSON strings: these are no records, so every sink sets them aside as dead letters that say why,
 * and the ledger counts them.
 * @throws AppError those of accept that may pass later; some messages may be durable then, and come twice
 */
export const createTakeIn =
  (deps: TakeInDeps): TakeIn =>
  async (messages) => {
    const sum: TakenIn = { accepted: 0, refused: 0 };
    for (const [tenant, lines] of byTenant(messages)) {
      for (const part of parts(lines)) {
        const refused =
          tenant === undefined ? part.map((line) => ({ ...line, why: 'its tenant is not known' })) : await taken(deps, tenant, part);
        if (refused.length > 0) await keepRefused(deps, tenant ?? systemTenant, refused);
        sum.accepted += part.length - refused.length;
        sum.refused += refused.length;
      }
    }
    return sum;
  };

function byTenant(messages: readonly IncomingMessage[]): Map<string | undefined, Line[]> {
  const tenants = new Map<string | undefined, Line[]>();
  for (const message of messages) {
    const lines = tenants.get(message.tenant) ?? [];
    tenants.set(message.tenant, lines);
    lines.push({ message, bytes: onOneLine(message.value) });
  }
  return tenants;
}

/** Line ends in JSON stand outside of strings, where a blank is the same. A message without anything in it is no record, and is to be refused. */
function onOneLine(value: Uint8Array | null): Buffer {
  const bytes = Buffer.from(value ?? []);
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) bytes[at] = 0x20;
  return bytes.toString().trim() === '' ? Buffer.from('null') : bytes;
}

function parts(lines: Line[]): Line[][] {
  const all: Line[][] = [];
  let bytes = 0;
  for (const line of lines) {
    bytes += line.bytes.length;
    if (all.length === 0 || all.at(-1)!.length === maxMessages || bytes > maxBytes) {
      all.push([]);
      bytes = line.bytes.length;
    }
    all.at(-1)!.push(line);
  }
  return all;
}

/** Accepts lines of one tenant; resolves to those that can never pass. Where a fault is of the whole body, each line is tried alone. */
async function taken(deps: TakeInDeps, tenant: string, lines: Line[]): Promise<Refused[]> {
  const { partition, offset } = lines[0]!.message;
  try {
    const { items } = await deps.accept({
      tenant,
      keyId: 'logs.in',
      requestId: `in-${partition}-${offset}`,
      contentType: 'application/x-ndjson',
      contentEncoding: undefined,
      contentLength: undefined,
      body: Buffer.concat(lines.flatMap(({ bytes }) => [bytes, lineFeed])),
      idempotencyKey: undefined,
      defaults: {},
    });
    return items.map(({ index, detail }) => ({ ...lines[index]!, why: detail.replace(/^records\[\d+\]:? ?/, '') }));
  } catch (error) {
    if (!(error instanceof AppError) || error.retryable) throw error;
    if (lines.length === 1) return [{ ...lines[0]!, why: error.detail }];
    const refused: Refused[] = [];
    for (const line of lines) refused.push(...(await taken(deps, tenant, [line])));
    return refused;
  }
}

const lineFeed = Buffer.from('\n');

async function keepRefused({ queue, clock, maskSettings, rulesVersion }: TakeInDeps, tenant: string, refused: Refused[]): Promise<void> {
  const texts = refused.map(({ message: { partition, offset }, bytes, why }) => {
    const kept = bytes.subarray(0, maxKept).toString();
    return `${JSON.stringify(`message ${offset} of logs.in/${partition} is no record (${why}): ${kept}`)}\n`;
  });
  const { masked } = mask(Buffer.from(texts.join('')), maskSettings(tenant), 'ndjson');
  const { partition, offset } = refused[0]!.message;
  const requestId = `in-${partition}-${offset}-refused`;
  await queue.append(partitionOf(tenant, requestId, queue.partitions), {
    tenant,
    observedUs: Math.round(clock.nowMs() * 1000),
    format: 'ndjson',
    payload: masked,
    total: texts.length,
    accepted: undefined,
    count: texts.length,
    defaults: {},
    requestId,
    rulesVersion: rulesVersion(),
    idempotency: undefined,
  });
}
