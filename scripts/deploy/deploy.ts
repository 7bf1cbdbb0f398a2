// npm run deploy -- --stage NAME [--yes]: bootstraps the account where that is needed, deploys every stack of a stage, says what to do next.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type StageName, stages } from '../../lib/stages.ts';
import { readStage } from '../../src/cli/stage/read-stage.ts';
import { writeAssembly } from './assembly.ts';
import { cdk } from './cdk.ts';

process.chdir(join(import.meta.dirname, '../..'));
const { values } = parseArgs({ options: { stage: { type: 'string' }, yes: { type: 'boolean', default: false } } });
const { stage: name = '' } = values;
if (!(name in stages) || name === 'local') {
  console.error(
    name === 'local' ? 'the local stage is deployed by npm run deploy:local' : `--stage: one of ${Object.keys(stages).join(', ')}`,
  );
  process.exit(2);
}

const app = await writeAssembly(stages[name as StageName]);
await cdk(['bootstrap', '--app', app]);
await cdk(['deploy', '--all', '--app', app, '--require-approval', values.yes ? 'never' : 'broadening']);
const { url } = await readStage(name, process.env);
console.log(`\nThe stage ${name} is at ${url}\n`);
console.log(`  export LOGDRIVE_URL=${url}`);
console.log(`  export LOGDRIVE_KEY=$(npx logdrive keys create first --stage ${name})`);
console.log(`  echo '{"message":"hello"}' | npx logdrive send --wait warm`);
console.log(`  npx logdrive doctor --stage ${name}`);
console.log(
  `\nThis stage is deployed now: hold its data with npm run synth -- --stage ${name} --accept, and commit test/infra/stateful/${name}.json`,
);
