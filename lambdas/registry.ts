// Written by scripts/gen.ts from the folders beside it.
import archive from './archive/manifest.ts';
import bootstrap from './bootstrap/manifest.ts';
import canary from './canary/manifest.ts';
import compact from './compact/manifest.ts';
import deliverAlerts from './deliver-alerts/manifest.ts';
import evaluate from './evaluate/manifest.ts';
import type { FunctionManifest } from './function-manifest.ts';
import index from './index/manifest.ts';
import ingest from './ingest/manifest.ts';
import notify from './notify/manifest.ts';
import publishParsed from './publish-parsed/manifest.ts';
import query from './query/manifest.ts';
import redrive from './redrive/manifest.ts';
import restore from './restore/manifest.ts';
import retention from './retention/manifest.ts';
import tail from './tail/manifest.ts';
import takeIn from './take-in/manifest.ts';

/** Every function, by name. */
export const functions = {
  archive,
  bootstrap,
  canary,
  compact,
  'deliver-alerts': deliverAlerts,
  evaluate,
  index,
  ingest,
  notify,
  'publish-parsed': publishParsed,
  query,
  redrive,
  restore,
  retention,
  tail,
  'take-in': takeIn,
} as const;
export type FunctionName = keyof typeof functions;

/** The same, for who treats all alike. */
export const manifests: readonly FunctionManifest[] = Object.values(functions);
