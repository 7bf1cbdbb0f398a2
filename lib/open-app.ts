import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Logdrive } from './logdrive.ts';
import type { StageSettings } from './stages.ts';

export type AppSettings = {
  stage: StageSettings;
  /** Where templates and assets go. @default what the CDK's command line says */
  outdir?: string;
  bundles?: string;
};

/**
 * Makes the CDK app of one stage, checked by cdk-nag. Feature flags come from cdk.json, so that templates are the same whoever makes them:
 * `cdk`, `npm run synth` or a test.
 */
export function openApp({ stage, outdir, bundles }: AppSettings): { app: App; logdrive: Logdrive } {
  const app = new App({ context: featureFlags(), analyticsReporting: false, ...(outdir ? { outdir } : {}) });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const logdrive = new Logdrive(app, 'logdrive', { stage, ...(bundles ? { bundles } : {}) });
  return { app, logdrive };
}

/** The `context` of cdk.json. */
export const featureFlags = (): Record<string, unknown> =>
  (JSON.parse(readFileSync(join(import.meta.dirname, '../cdk.json'), 'utf8')) as { context: Record<string, unknown> }).context;
