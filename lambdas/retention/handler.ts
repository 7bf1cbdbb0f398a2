import type { Context } from 'aws-lambda';
import { once, startFunction } from '../../src/compose/aws/function-runtime.ts';
import { buildHotRetention } from '../../src/compose/aws/hot-retention.ts';
import { buildPasses } from '../../src/compose/aws/maintenance.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const passes = once(async () => {
  const made = buildPasses(runtime);
  return { ...made, hot: await buildHotRetention(runtime, made) };
});
const condemned = runtime.registry.counter('logdrive_files_condemned_total', 'Files that retention or a crash left without use.', ['why']);

/**
 * Condemns files that are older than their tenant keeps them, and those that no head lists; deletes what was condemned long enough ago, and days
 * that the hot store has kept long enough; forgets idempotency keys of yesterday.
 */
export const handler = (_event: unknown, context: Context) =>
  runtime.run(context, async ({ log }) => {
    const { compactor, retention, hot, forgetKeys } = await passes();
    const expired = await retention.run();
    const swept = await compactor.sweep();
    const deleted = await compactor.collect();
    const hotDays = (await hot?.run()) ?? 0;
    const keys = await forgetKeys();
    condemned.add(expired, 'expired');
    condemned.add(swept, 'unlisted');
    log.info({ expired, swept, deleted, hotDays, keys }, 'retention ended');
    return { expired, swept, deleted, hotDays, keys };
  });
