import type { Environment } from '../../../lambdas/environment.ts';
import { s3Client } from '../../adapters/warm/s3/client.ts';
import { S3ColdStore } from '../../adapters/warm/s3/s3-cold-store.ts';
import { S3WarmStore } from '../../adapters/warm/s3/s3-warm-store.ts';
import { createCatalogue } from '../../pipeline/catalogue.ts';
import { createRestore, type Restore } from '../../pipeline/restore.ts';
import { StepRunner } from '../../pipeline/run-steps.ts';
import type { FunctionRuntime } from './function-runtime.ts';
import { endpoint } from './open-files.ts';
import { openState } from './open-state.ts';

/** Builds what brings cold days back. */
export function buildRestore({ env, clock }: FunctionRuntime<Environment<'LOGDRIVE_TABLE' | 'LOGDRIVE_BUCKET'>>): Restore {
  const state = openState(env);
  const client = s3Client({ endpoint: endpoint() });
  const bucket = env.LOGDRIVE_BUCKET;
  const catalogue = createCatalogue({ runner: new StepRunner(state, new S3WarmStore({ client, bucket })), state });
  return createRestore({ catalogue, cold: new S3ColdStore({ client, bucket }), state, clock });
}
