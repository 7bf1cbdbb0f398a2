import type { S3ServiceException } from '@aws-sdk/client-s3';
import { AppError } from '../../../core/errors.ts';

const metadataOf = (error: unknown) => (error as Partial<S3ServiceException>).$metadata;
export const statusOf = (error: unknown): number | undefined => metadataOf(error)?.httpStatusCode;

/** Whether a request was sent more than once: a former sending may then have been done without an answer. */
export const wasRepeated = (error: unknown): boolean => (metadataOf(error)?.attempts ?? 1) > 1;

/** Turns what the client throws into ours, with it as the cause. A bucket that is not there is no absent object. */
export function translated(error: unknown, name: string): AppError {
  if (error instanceof AppError) return error;
  const { name: kind, message } = error as Error;
  if (kind === 'NoSuchKey' || kind === 'NotFound') return new AppError('NOT_FOUND', `there is no object ${name}`, { cause: error });
  return new AppError('STORE_UNAVAILABLE', `the archive failed on ${name}: ${kind}: ${message}`, { retryAfterS: 1, cause: error });
}
