import { setTimeout as wait } from 'node:timers/promises';
import { keptOf, keys } from '../../adapters/dead-letters/sqs/items.ts';
import { LettersTable } from '../../adapters/dead-letters/sqs/table.ts';
import { dynamoDbClient } from '../../adapters/state/dynamodb/client.ts';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { type Intervals, intervalsOf, noOffsets, sizeOf, subtract, union } from '../../core/intervals.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { Receipt } from '../../core/receipt.ts';
import { headKey, type SinkName } from '../../core/warm/keys.ts';
import { entriesOf, type SinkHead } from '../../core/warm/progress.ts';
import { type OffsetsStatus, statusOf } from '../../core/warm/status.ts';
import type { Steps } from '../../core/warm/steps.ts';
import { letterIdsOf } from '../../pipeline/deliver/letters.ts';
import type { ReceiptStatus } from '../../pipeline/store-api.ts';

const pollMs = { first: 100, most: 1_000 };
const maxDeadListed = 1_000;

/** Says where a receipt's records are, from the heads of both sinks alone: for functions that carry no store to search in. */
export function createReceiptStatus({ state, table, clock }: { state: StateStore; table: string; clock: Clock }) {
  const letters = new LettersTable(dynamoDbClient(), table);

  async function isClosed({ generation, partition, runs }: Receipt, sink: SinkName): Promise<boolean> {
    const head = await state.get<SinkHead>(headKey(sink, generation, partition));
    return subtract(intervalsOf(runs), head?.value.closed ?? noOffsets).length === 0;
  }

  async function read(receipt: Receipt): Promise<ReceiptStatus> {
    const { tenant, generation, partition } = receipt;
    const runs = intervalsOf(receipt.runs);
    const of = (sink: SinkName) => readOnly(state, statusOf(generation, partition, runs, sink));
    const [hot, warm] = await Promise.all([of('hot'), of('warm')]);
    const offsets = offsetsIn(union(hot.dead, warm.dead), maxDeadListed);
    const idsOf = (offset: number) => {
      const position = { generation, partition, offset };
      return [...new Set([...letterIdsOf(position, 'hot'), ...letterIdsOf(position, 'warm')])];
    };
    const places = offsets.map((offset) => ({ offset, ids: idsOf(offset) }));
    const found = await letters.getAll(places.flatMap(({ ids }) => ids.map((id) => keys.letter(tenant, id))));
    const codes = new Map(found.map((item) => [keptOf(item).letter.id, keptOf(item).letter.code]));
    const codeOf = (ids: string[]) => ids.map((id) => codes.get(id)).find((code) => code !== undefined) ?? 'UNKNOWN';
    const dead = places.map(({ offset, ids }) => ({ position: indexOf(runs, offset), code: codeOf(ids) }));
    return { records: sizeOf(runs), hot: countsOf(hot), warm: countsOf(warm), dead };
  }

  return {
    read,
    /** Polls the sink's head until all records are closed or time has run out. */
    async waitFor(receipt: Receipt, sink: SinkName, timeoutMs: number): Promise<ReceiptStatus> {
      const endMs = clock.monotonicMs() + timeoutMs;
      for (let pauseMs = pollMs.first; !(await isClosed(receipt, sink)); pauseMs = Math.min(pollMs.most, pauseMs * 1.5)) {
        const leftMs = endMs - clock.monotonicMs();
        if (leftMs <= 0) break;
        await wait(Math.min(pauseMs, leftMs));
      }
      return read(receipt);
    },
  };
}

/** Runs steps that only read. */
async function readOnly<T>(state: StateStore, steps: Steps<T>): Promise<T> {
  let next = steps.next();
  while (!next.done) {
    if (next.value.kind !== 'get') throw new AppError('INTERNAL', `steps that only read want to ${next.value.kind}`);
    next = steps.next(await state.get(next.value.key));
  }
  return next.value;
}

const countsOf = ({ done, dropped, dead, open }: OffsetsStatus) => ({
  done: sizeOf(done),
  in_flight: sizeOf(open),
  dead: sizeOf(dead),
  dropped: entriesOf(dropped).reduce((sum, [, set]) => sum + sizeOf(set), 0),
});

const offsetsIn = (set: Intervals, most: number): number[] =>
  set.flatMap(([from, to]) => Array.from({ length: Math.min(to - from, most) }, (_, i) => from + i)).slice(0, most);

/** The how-manieth of the set an offset is. */
const indexOf = (set: Intervals, offset: number): number =>
  set.reduce((before, [from, to]) => before + Math.max(0, Math.min(offset, to) - from), 0);
