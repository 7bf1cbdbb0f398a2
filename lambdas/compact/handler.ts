import type { Context } from 'aws-lambda';
import { once, startFunction } from '../../src/compose/aws/function-runtime.ts';
import { buildPasses } from '../../src/compose/aws/maintenance.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const passes = once(async () => buildPasses(runtime));
const runs = runtime.registry.counter('logdrive_files_written_total', 'Files that compaction wrote.');

/** Compacts what is due and writes the summaries of hours that are over. `{"all": true}`, by hand, compacts everything. */
export const handler = (event: { all?: boolean }, context: Context) =>
  runtime.run(context, async ({ log }) => {
    const { maintenance } = await passes();
    const before = maintenance.derived();
    const { read, written } = await maintenance.compact(event?.all === true);
    const derived = maintenance.derived() - before;
    runs.add(written);
    runtime.metrics.aggregationRuns.add(derived);
    log.info({ read, written, derived }, 'compacted');
    return { read, written, derived };
  });
