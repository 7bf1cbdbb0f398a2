import type { Clock } from '../../../core/clock.ts';
import { keys, type Locator, locatorOf } from './items.ts';
import type { Messages, Received } from './messages.ts';
import type { LettersTable } from './table.ts';

export type ReconcileLimits = {
  /** Messages looked at. */
  maxMessages?: number;
  /** How long messages that are looked at are hidden from others. */
  visibilityS?: number;
};

/** How many messages were removed (of letters that are dead no more, and second ones), left, not ours, and sent. */
export type Reconciled = { removed: number; left: number; foreign: number; sent: number };

type Parts = { table: LettersTable; messages: Messages; clock: Clock; send: (locators: readonly Locator[]) => Promise<void> };

/** A message is sent anew so long before the queue forgets it. */
const earlyMs = 3_600_000;
/** Whoever put a letter is given so long to send its message. */
const graceMs = 60_000;
const sendAtOnce = 100;

export async function reconcile(parts: Parts, { maxMessages = 10_000, visibilityS = 300 }: ReconcileLimits): Promise<Reconciled> {
  const swept = await sweep(parts, maxMessages, visibilityS);
  return { ...swept, sent: await sendMissing(parts) };
}

async function sweep({ table, messages }: Parts, maxMessages: number, visibilityS: number): Promise<Omit<Reconciled, 'sent'>> {
  const kept: Received[] = [];
  let [removed, foreign] = [0, 0];
  try {
    while (removed + kept.length < maxMessages) {
      const received = await messages.receive(visibilityS);
      if (received.length === 0) break;
      const ids = [...new Set(received.flatMap(({ id }) => id ?? []))];
      const locators = new Map((await table.getAll(ids.map(keys.locator))).map(locatorOf).map((locator) => [locator.id, locator]));
      const isOver = ({ id, messageId }: Received) => id !== undefined && !standsFor(locators.get(id), messageId);
      const over = received.filter(isOver);
      await messages.remove(over);
      removed += over.length;
      foreign += received.filter(({ id }) => id === undefined).length;
      kept.push(...received.filter((message) => !isOver(message)));
    }
  } finally {
    await messages.release(kept);
  }
  return { removed, left: kept.length - foreign, foreign };
}

/** Whether a message is the one of a dead letter. Of a letter that knows none yet, any is. */
const standsFor = (locator: Locator | undefined, messageId: string): boolean =>
  locator?.state === 'dead' && (locator.messageId === undefined || locator.messageId === messageId);

async function sendMissing({ table, messages, clock, send }: Parts): Promise<number> {
  const nowMs = clock.nowMs();
  const oldestMs = nowMs - (await messages.retentionMs()) + earlyMs;
  const isMissing = ({ sentMs, sinceMs }: Locator) => (sentMs === 0 ? sinceMs < nowMs - graceMs : sentMs < oldestMs);
  let waiting: Locator[] = [];
  let sent = 0;
  const flush = async () => {
    await send(waiting);
    sent += waiting.length;
    waiting = [];
  };
  for await (const shard of table.query({ pk: keys.shards })) {
    const dead = { text: 'st = :st', values: { ':st': { S: 'dead' } } };
    for await (const item of table.query({ pk: keys.shard(shard.sk!.S!), filter: dead })) {
      const locator = locatorOf(item);
      if (isMissing(locator) && waiting.push(locator) === sendAtOnce) await flush();
    }
  }
  await flush();
  return sent;
}
