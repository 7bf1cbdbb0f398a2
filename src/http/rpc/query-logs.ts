import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import type { QueryLogsRequest, QueryLogsResponseSchema } from '../../../gen/logdrive/v1/query_pb.ts';
import { AppError } from '../../core/errors.ts';
import { maxLimit, type Query } from '../../query/ast/query.ts';
import { parseQuery } from '../../query/ast/query-json.ts';
import { parseLine } from '../../query/parse/line.ts';
import { readEdnQuery } from '../../query/parse/read-json.ts';
import { answerQuery, rowsOf } from '../answer-query.ts';
import type { Call } from './call.ts';
import { recordMessage } from './record-message.ts';

/** Answers one query: whole records as messages, all else as rows. */
export async function queryLogs(
  { platform, options, caller }: Call,
  request: QueryLogsRequest,
): Promise<MessageInitShape<typeof QueryLogsResponseSchema>> {
  const answer = await answerQuery(platform, options, caller.tenant, queryOf(request));
  const hasRecords = 'records' in answer && answer.select === undefined;
  const { rows, columns } = hasRecords ? { rows: [], columns: [] } : rowsOf(answer);
  return {
    records: hasRecords ? answer.records.map(recordMessage) : [],
    rows: rows as JsonObject[],
    columns,
    nextCursor: answer.nextCursor ?? '',
    partial: answer.reasons.length > 0,
    reasons: answer.reasons,
    approximate: answer.approximate,
    stores: answer.stores as JsonObject,
    tookMs: answer.tookMs,
  };
}

function queryOf({ query: { case: spelling, value }, cursor, limit }: QueryLogsRequest): Query {
  if (limit < 0 || limit > maxLimit) throw new AppError('INVALID_PARAMETER', `limit: ${limit} is not from 1 to ${maxLimit}`);
  const query = spelling === 'json' ? parseQuery(value) : spelling === 'edn' ? readEdnQuery(value) : parseLine(value ?? '');
  return { ...query, cursor: cursor || query.cursor, limit: limit || query.limit };
}
