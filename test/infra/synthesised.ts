import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { functions } from '../../lambdas/registry.ts';
import { type Template, templatesOf } from '../../lib/guards/stateful.ts';
import { Logdrive } from '../../lib/logdrive.ts';
import { featureFlags } from '../../lib/open-app.ts';
import type { StageSettings } from '../../lib/stages.ts';

/** A folder with an empty bundle for each function: what templates say does not depend on what is in them. */
export function emptyBundles(): string {
  const folder = mkdtempSync(join(tmpdir(), 'logdrive-bundles-'));
  for (const name of Object.keys(functions)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.mjs'), `export const handler = async () => '${name}';\n`);
  }
  return folder;
}

/** The templates of a stage by stack name, without the prefix: `storage`. cdk-nag, which takes longest, is the suite `synth`'s part. */
export function synthesise(stage: StageSettings): Record<string, Template> {
  const bundles = emptyBundles();
  const outdir = mkdtempSync(join(tmpdir(), 'logdrive-synth-'));
  try {
    const app = new App({ context: featureFlags(), analyticsReporting: false, outdir });
    new Logdrive(app, 'logdrive', { stage, bundles });
    const templates = templatesOf(app);
    return Object.fromEntries(
      Object.entries(templates).map(([name, template]) => [name.replace(`logdrive-${stage.stage}-`, ''), template]),
    );
  } finally {
    rmSync(bundles, { recursive: true, force: true });
    rmSync(outdir, { recursive: true, force: true });
  }
}
