import type { Environment } from '../../../lambdas/environment.ts';
import { AthenaEngine } from '../../adapters/warm-query/athena/athena-engine.ts';
import { AthenaWarmQuery } from '../../adapters/warm-query/athena/athena-warm-query.ts';
import { athenaClient } from '../../adapters/warm-query/athena/client.ts';
import { tables } from '../../adapters/warm-query/athena/manifest.ts';
import type { WarmQuery } from '../../query/ports/warm-query.ts';
import { endpoint } from './open-files.ts';

export type LargeScanEnvironment = Environment<'LOGDRIVE_BUCKET'> &
  Partial<Environment<'LOGDRIVE_ATHENA_WORK_GROUP' | 'LOGDRIVE_ATHENA_DATABASE' | 'LOGDRIVE_ATHENA_ABOVE_MIB'>>;

/** API Gateway waits 29 s, and what comes before and after a query takes its part. */
const timeoutMs = 22_000;

/** Athena for scans above a size, over the stage's tables and in its work group; undefined where the stage has none. */
export function openLargeScans(env: LargeScanEnvironment): { large: WarmQuery; aboveBytes: number } | undefined {
  const { LOGDRIVE_ATHENA_WORK_GROUP: workGroup, LOGDRIVE_ATHENA_DATABASE: database, LOGDRIVE_ATHENA_ABOVE_MIB: aboveMiB } = env;
  if (!workGroup || !database || !aboveMiB) return undefined;
  const archive = `s3://${env.LOGDRIVE_BUCKET}/`;
  const engine = new AthenaEngine({ client: athenaClient({ endpoint: endpoint() }), database, workGroup });
  const there = tables(archive).map(({ name }) => name);
  return { large: new AthenaWarmQuery({ engine, archive, timeoutMs, there }), aboveBytes: aboveMiB * 2 ** 20 };
}
