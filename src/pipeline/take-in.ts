import { AppError } from '../core/errors.ts';
import type { IncomingMessage, TakeIn, TakenIn } from '../core/ports/streams.ts';
import { systemTenant } from '../core/tenant.ts';
import type { Accept } from './accept/accept.ts';
import { type KeepRefusedDeps, keepRefused, type RefusedMessage } from './keep-refused.ts';
import { TakeInProgress, type TakeInProgressDeps } from './take-in-progress.ts';

export type TakeInDeps = KeepRefusedDeps & TakeInProgressDeps & { accept: Accept };

type Line = { message: IncomingMessage; bytes: Buffer };

/**
 * Makes the verb take-in: runs accept on messages that services wrote straight to the stream, as if they had come by HTTP. Those that accept refuses end as
 * dead letters. Messages of one call are in the order of their offsets; those that come again, with other boundaries too, are taken in once.
 * @throws AppError those of accept that may pass later, CONFLICT where another is at the same messages; they are to come again then
 */
export const createTakeIn =
  (deps: TakeInDeps): TakeIn =>
  async (messages) => {
    const sum: TakenIn = { accepted: 0, refused: 0 };
    for (const [partition, own] of Map.groupBy(messages, (message) => message.partition)) {
      const progress = new TakeInProgress(deps, partition);
      for (let portion = await progress.begin(own); portion; portion = await progress.begin(own)) {
        for (const [tenant, lines] of byTenant(portion.messages)) {
          const refused = tenant === undefined ? lines.map(ofNobody) : await taken(deps, tenant, portion.name, lines);
          if (refused.length > 0) await keepRefused(deps, tenant ?? systemTenant, `${portion.name} refused`, refused);
          sum.accepted += lines.length - refused.length;
          sum.refused += refused.length;
        }
        await progress.end();
      }
    }
    return sum;
  };

const ofNobody = (line: Line): RefusedMessage => ({
  ...line,
  code: 'UNAUTHENTICATED',
  detail: 'whose message this is is not known: it has no good key',
});

function byTenant(messages: readonly IncomingMessage[]): Map<string | undefined, Line[]> {
  const lines = messages.map((message): Line => ({ message, bytes: onOneLine(message.value) }));
  return Map.groupBy(lines, ({ message }) => message.tenant);
}

/** Line ends in JSON stand outside of strings, where a blank is the same. A message without anything in it is no record, and is to be refused. */
function onOneLine(value: Uint8Array | null): Buffer {
  const bytes = Buffer.from(value ?? []);
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) bytes[at] = 0x20;
  return bytes.toString().trim() === '' ? Buffer.from('null') : bytes;
}

/** Accepts lines of one tenant; resolves to those that can never pass. Where a fault is of the whole body, each line is tried alone. */
async function taken(deps: TakeInDeps, tenant: string, key: string, lines: Line[]): Promise<RefusedMessage[]> {
  try {
    const { items } = await deps.accept({
      tenant,
      keyId: 'logs.in',
      requestId: key,
      contentType: 'application/x-ndjson',
      contentEncoding: undefined,
      contentLength: undefined,
      body: Buffer.concat(lines.flatMap(({ bytes }) => [bytes, lineFeed])),
      idempotencyKey: key,
      defaults: {},
    });
    return items.map(({ index, code, detail, errors }) => ({
      ...lines[index]!,
      code: errors?.[0]?.code ?? code,
      detail: withoutPlace(detail),
    }));
  } catch (error) {
    // Another body under this key would mean that the topic is not what it was: nothing to be set aside for.
    if (!(error instanceof AppError) || error.retryable || error.code === 'IDEMPOTENCY_MISMATCH') throw error;
    if (lines.length === 1) return [{ ...lines[0]!, code: error.more.errors?.[0]?.code ?? error.code, detail: withoutPlace(error.detail) }];
    const refused: RefusedMessage[] = [];
    for (const line of lines) refused.push(...(await taken(deps, tenant, `${key} ${line.message.offset}`, [line])));
    return refused;
  }
}

const withoutPlace = (detail: string): string => detail.replace(/^records\[\d+\]:? ?/, '');
const lineFeed = Buffer.from('\n');
