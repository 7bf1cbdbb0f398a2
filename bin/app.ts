// What `cdk` runs (cdk.json): the stacks of one stage, chosen by `-c stage=prod` or LOGDRIVE_STAGE; dev otherwise.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { holdStateful } from '../lib/guards/hold-stateful.ts';
import { templatesOf } from '../lib/guards/stateful.ts';
import { openApp } from '../lib/open-app.ts';
import { type StageName, stages } from '../lib/stages.ts';

const context = JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}') as { stage?: string };
const name = context.stage ?? process.env.LOGDRIVE_STAGE ?? 'dev';
if (!(name in stages)) {
  console.error(`there is no stage ${name}; there are ${Object.keys(stages).join(', ')} (lib/stages.ts)`);
  process.exit(2);
}
bundle();
const { app } = openApp({ stage: stages[name as StageName] });
try {
  holdStateful(name, templatesOf(app));
} catch (fault) {
  console.error(`\n${(fault as Error).message}\n`);
  process.exit(1);
}

/** All functions in one call, in about a second: what is deployed is what is in the sources. */
function bundle(): void {
  if (process.env.LOGDRIVE_BUNDLED) return;
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, '../scripts/bundle.ts')], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
