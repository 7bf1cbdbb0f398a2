import { AppError } from '../../core/errors.ts';
import type { AcceptLimits } from './types.ts';

export const tooManyRecords = ({ records }: AcceptLimits): AppError =>
  new AppError('BODY_TOO_LARGE', `the body has more than ${records} records; send fewer at once, or raise limits.records`);
