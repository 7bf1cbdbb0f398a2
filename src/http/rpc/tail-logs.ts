import type { MessageInitShape } from '@bufbuild/protobuf';
import type { TailLogsRequest, TailLogsResponseSchema } from '../../../gen/logdrive/v1/query_pb.ts';
import { AppError } from '../../core/errors.ts';
import { LiveTail } from '../live-tail.ts';
import { check } from '../parameters.ts';
import { tailCondition, tailFilters } from '../schemas/filters.ts';
import type { Call } from './call.ts';
import { recordMessage } from './record-message.ts';

/** Shows records as they become searchable: a message a slice, fetched only as fast as the caller reads. */
export async function* tailLogs(
  { platform, options, exchange, caller, gone }: Call,
  request: TailLogsRequest,
): AsyncGenerator<MessageInitShape<typeof TailLogsResponseSchema>> {
  const where = conditionOf(request);
  const { requestId } = exchange;
  const tail = new LiveTail(platform, options, { requestId, tenant: caller.tenant, where, cursor: request.cursor || undefined, gone });
  try {
    let total = 0;
    for (let slice = await tail.next(); slice; slice = await tail.next()) {
      total += slice.missed;
      yield {
        records: slice.records.map(recordMessage),
        missed: BigInt(slice.missed),
        missedTotal: BigInt(total),
        cursor: slice.cursor,
      };
    }
  } finally {
    tail.end();
  }
  if (options.stopping?.aborted)
    throw new AppError('SHUTTING_DOWN', 'the server stops; call again with the last cursor', { retryAfterS: 1 });
}

function conditionOf({ q, search, service, level, minLevel, env, host, traceId }: TailLogsRequest) {
  const given = { q, search, service, level, min_level: minLevel, env, host, trace_id: traceId };
  const filters = Object.fromEntries(Object.entries(given).filter(([, value]) => value.length > 0));
  return tailCondition(check(tailFilters, filters, 'INVALID_PARAMETER'));
}
