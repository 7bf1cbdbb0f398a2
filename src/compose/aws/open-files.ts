import type { Environment } from '../../../lambdas/environment.ts';
import { s3Client } from '../../adapters/warm/s3/client.ts';
import { S3WarmStore } from '../../adapters/warm/s3/s3-warm-store.ts';
import type { WarmStore } from '../../core/ports/warm-store.ts';

/** The emulator's address where AWS is emulated; the SDK reads it by itself, S3 has to be asked by path then. */
export const endpoint = (): string | undefined => process.env.AWS_ENDPOINT_URL || undefined;

/** The files, in S3. */
export const openFiles = ({ LOGDRIVE_BUCKET }: Environment<'LOGDRIVE_BUCKET'>): WarmStore =>
  new S3WarmStore({ client: s3Client({ endpoint: endpoint() }), bucket: LOGDRIVE_BUCKET });
