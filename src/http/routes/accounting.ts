import * as z from 'zod';
import { AppError } from '../../core/errors.ts';
import { dropReasons } from '../../core/record.ts';
import { formatTime } from '../../core/time.ts';
import type { Caller } from '../../pipeline/platform.ts';
import type { Ledger, LedgerFilter } from '../../pipeline/store-api.ts';
import { json } from '../answer.ts';
import { isOperator } from '../authenticate.ts';
import { defineRoute } from '../route.ts';
import { count, signalParameter, time, timeParameter } from '../schemas/common.ts';
import { receiptStatus } from '../schemas/ingest.ts';

const sinkCounts = z
  .object({ done: count, in_flight: count, dead: count, dropped: z.partialRecord(z.enum(dropReasons), count) })
  .meta({ id: 'SinkCounts', description: 'accepted = done + in_flight + dead + dropped, always' });

export const accountingRoutes = [
  defineRoute({
    method: 'GET',
    path: '/api/ledger',
    operationId: 'getLedger',
    tag: 'operations',
    summary: 'Where every accepted record is',
    description:
      'For each store, accepted = done + in_flight + dead + dropped. Of your own tenant; whoever runs the host may name another, or `*` for all.',
    scope: 'query',
    query: z.object({
      from: timeParameter.optional().meta({ description: 'Only records observed in this minute or later' }),
      to: timeParameter.optional().meta({ description: 'Only records observed before this minute' }),
      tenant: z.string().max(40).optional(),
      signal: signalParameter,
    }),
    answers: {
      200: {
        description: 'The accounting',
        content: {
          'application/json': z
            .object({
              accepted: count,
              hot: sinkCounts,
              warm: sinkCounts,
              oldest_in_flight_s: z.number().nullable(),
              partitions: z.array(z.object({ partition: count, start: count, end: count, hot: sinkCounts, warm: sinkCounts })),
              minutes: z.array(z.object({ minute: time, tenant: z.string(), accepted: count })),
              unattributed: count.meta({ description: 'Accepted, but read by no sink yet' }),
              holes: z.array(z.object({ partition: count, from: count, to: count, reason: z.string(), detail: z.string() })),
            })
            .meta({ id: 'Ledger' }),
        },
      },
    },
    handle: async ({ platform, caller, query }) => json(ledgerJson(await platform.storeOf(query.signal).ledger(filterOf(caller, query)))),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/receipts/{receipt}',
    operationId: 'getReceipt',
    tag: 'operations',
    summary: 'Where the records of one request are',
    scope: 'query',
    pathParameters: z.object({ receipt: z.string().min(1).max(12_000) }),
    answers: { 200: { description: 'Counts by store', content: { 'application/json': receiptStatus.meta({ id: 'ReceiptStatus' }) } } },
    errors: ['NOT_FOUND'],
    handle: async ({ platform, options, caller, path }) => {
      const receipt = options.receipts.read(path.receipt);
      if (receipt.tenant !== caller.tenant) throw new AppError('NOT_FOUND', 'there is no such receipt');
      return json(await platform.storeOf(receipt.signal ?? 'logs').receipt(receipt));
    },
  }),
];

function filterOf(
  caller: Caller,
  { from, to, tenant }: { from?: number | undefined; to?: number | undefined; tenant?: string | undefined },
): LedgerFilter {
  const named = tenant ?? caller.tenant;
  if (named !== caller.tenant && !isOperator(caller)) {
    throw new AppError('SCOPE_MISSING', 'tenant: this key sees the ledger of its own tenant only');
  }
  return {
    ...(named === '*' ? {} : { tenant: named }),
    ...(from === undefined ? {} : { fromUs: from }),
    ...(to === undefined ? {} : { toUs: to }),
  };
}

const ledgerJson = (ledger: Ledger) => ({
  ...ledger,
  minutes: ledger.minutes.map((item) => ({ ...item, minute: formatTime(item.minute) })),
});
