import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { holdStateful } from '../../lib/guards/hold-stateful.ts';
import { templatesOf } from '../../lib/guards/stateful.ts';
import { openApp } from '../../lib/open-app.ts';
import type { StageSettings } from '../../lib/stages.ts';
import { bundleFunctions } from '../bundle.ts';

/** Bundles the functions and writes the assembly of a stage, held by cdk-nag and against what is deployed; its folder. */
export async function writeAssembly(stage: StageSettings, outdir = join('cdk.out', stage.stage)): Promise<string> {
  // A folder of its own: another synth may be under way.
  const bundles = resolve(`${outdir}.bundles`);
  await bundleFunctions(bundles);
  rmSync(outdir, { recursive: true, force: true });
  holdStateful(stage.stage, templatesOf(openApp({ stage, outdir, bundles }).app));
  rmSync(bundles, { recursive: true });
  return outdir;
}
