import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replacements, type Snapshot, snapshotOf, type Template } from './stateful.ts';

const folder = join(import.meta.dirname, '../../test/infra/stateful');
const fileOf = (stage: string): string => join(folder, `${stage}.json`);

/**
 * Holds the templates of a stage against what is deployed, as `test/infra/stateful/<stage>.json` says; a stage without that file is not deployed.
 * @throws Error that names each resource whose data would be lost, and how to accept that
 */
export function holdStateful(stage: string, templates: Record<string, Template>): void {
  if (!existsSync(fileOf(stage))) return;
  const deployed = JSON.parse(readFileSync(fileOf(stage), 'utf8')) as Snapshot;
  const faults = replacements(deployed, snapshotOf(templates));
  if (faults.length === 0) return;
  throw new Error(
    [
      `this change would take data from the stage ${stage}, which is deployed:`,
      ...faults.map((fault) => `  ${fault}`),
      `If that is what you want, copy the data first, then say so: npm run synth -- --stage ${stage} --accept`,
      `and commit test/infra/stateful/${stage}.json.`,
    ].join('\n'),
  );
}

/** Takes what the templates hold as what is deployed from now on. */
export function acceptStateful(stage: string, templates: Record<string, Template>): string {
  writeFileSync(fileOf(stage), `${JSON.stringify(snapshotOf(templates), null, 2)}\n`);
  return fileOf(stage);
}
