import type { LogRecord, Outcome, Position } from '../../core/record.ts';
import type { PlainTest } from '../is-plain.ts';
import type { Decoded } from '../records-of.ts';
import type { TakenIds } from './client-ids.ts';
import type { Attempt } from './poison.ts';

export type Process = {
  (record: LogRecord, context: { tenant: string; position: Position }): Outcome;
  /** See `createProcess`. */
  isPlain?: PlainTest | undefined;
};

/** What becomes of one record: dead where it cannot be read or keeps killing the process, dropped where its id is taken, else what `process` says. */
export function outcomeOf(item: Decoded, attempt: Attempt, taken: TakenIds, process: Process, tenant: string, position: Position): Outcome {
  if ('fault' in item) return { kind: 'dead', code: item.fault.code, detail: item.fault.detail };
  if (item.record.client_id !== undefined && taken.has(item.record.client_id)) return { kind: 'drop', reason: 'duplicate' };
  if (attempt.crashed(position.offset)) {
    return { kind: 'dead', code: 'CRASH', detail: `the process ended ${attempt.attempts} times while it worked on this record` };
  }
  try {
    return process(item.record, { tenant, position });
  } catch (error) {
    return { kind: 'dead', code: 'PROCESS_FAILED', detail: error instanceof Error ? error.message : String(error) };
  }
}
