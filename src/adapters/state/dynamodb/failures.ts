import {
  ConditionalCheckFailedException,
  type DynamoDBServiceException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import { AppError } from '../../../core/errors.ts';

/** Why a write did not happen: `taken` for ever (a condition does not hold), `busy` for now (others are at the same keys, or too many requests). */
export type Refusal = 'taken' | 'busy';

/** Reasons of one action in a cancelled transaction that pass by themselves. */
const passing = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded', 'RequestLimitExceeded']);

/** Reads an error as a refusal; undefined for one that is none. A condition that does not hold outweighs what would pass. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof ConditionalCheckFailedException) return 'taken';
  if (error instanceof TransactionConflictException) return 'busy';
  if (!(error instanceof TransactionCanceledException)) return undefined;
  const reasons = (error.CancellationReasons ?? []).map(({ Code }) => Code ?? 'None');
  if (reasons.includes('ConditionalCheckFailed')) return 'taken';
  return reasons.some((reason) => passing.has(reason)) ? 'busy' : undefined;
}

/** Whether a request was sent more than once: a former sending may then have been done without an answer. */
export const wasRepeated = (error: unknown): boolean => ((error as DynamoDBServiceException).$metadata?.attempts ?? 1) > 1;

/** Turns what the client throws into ours, with it as the cause. */
export function translated(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { name, message } = error as Error;
  if (name === 'ValidationException') return new AppError('INTERNAL', `the state store refused a request: ${message}`, { cause: error });
  return new AppError('STORE_UNAVAILABLE', `the state store failed: ${name}: ${message}`, { retryAfterS: 1, cause: error });
}
