// npm run synth [-- --stage NAME] [--accept]: the templates of every stage into cdk.out/<stage>, checked by cdk-nag and against what is deployed.
// Needs neither credentials nor a network. --accept takes the stateful resources of a stage as those that are deployed.
import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { acceptStateful, holdStateful } from '../lib/guards/hold-stateful.ts';
import { type Template, templatesOf } from '../lib/guards/stateful.ts';
import { openApp } from '../lib/open-app.ts';
import { type StageName, stages } from '../lib/stages.ts';
import { bundleFunctions } from './bundle.ts';

process.chdir(join(import.meta.dirname, '..'));
const { values } = parseArgs({
  options: { stage: { type: 'string', multiple: true }, accept: { type: 'boolean' }, bundles: { type: 'string' } },
});
const names = (values.stage ?? Object.keys(stages)) as StageName[];
const unknown = names.filter((name) => !(name in stages));
if (unknown.length > 0 || (values.accept && !values.stage)) {
  console.error(
    unknown.length > 0 ? `there is no stage ${unknown.join(', ')}` : '--accept is for one stage at a time: name it with --stage',
  );
  process.exit(2);
}

// A folder of its own: a deployment may be under way.
const bundles = values.bundles ?? resolve('cdk.out/synth.bundles');
if (!values.bundles) await bundleFunctions(bundles);
for (const name of names) {
  const startedMs = performance.now();
  const outdir = `cdk.out/${name}`;
  rmSync(outdir, { recursive: true, force: true });
  let templates: Record<string, Template>;
  try {
    templates = templatesOf(openApp({ stage: stages[name], outdir, bundles }).app);
    if (values.accept) console.log(`wrote ${acceptStateful(name, templates)}`);
    else holdStateful(name, templates);
  } catch (fault) {
    // cdk-nag has printed its findings by itself.
    console.error(`FAILED: ${name}: ${(fault as Error).message}`);
    process.exitCode = 1;
    continue;
  }
  const resources = Object.values(templates).reduce((sum, { Resources = {} }) => sum + Object.keys(Resources).length, 0);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`ok: ${name}: ${Object.keys(templates).length} stacks, ${resources} resources in ${outdir} (${seconds} s)`);
  if (!existsSync(`${outdir}/manifest.json`)) throw new Error(`no assembly in ${outdir}`);
}
if (!values.bundles) rmSync(bundles, { recursive: true });
