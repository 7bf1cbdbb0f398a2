import type { Credentials } from '../../adapters/hot/opensearch/sigv4.ts';
import { AppError } from '../../core/errors.ts';

/** The role's keys, as Lambda puts them into the environment; they live longer than an execution environment. @throws AppError INVALID_CONFIG */
export function roleCredentials(): Credentials {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) throw new AppError('INVALID_CONFIG', 'the environment holds no AWS credentials');
  return { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY, sessionToken: AWS_SESSION_TOKEN };
}

export const region = (): string => process.env.AWS_REGION ?? 'us-east-1';
