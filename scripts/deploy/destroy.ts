// npm run destroy -- --stage NAME [--plan] [--yes]: removes the stacks of a stage. --plan only says what would go, what would stay, and why.
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { type DeployedStage, readStage } from '../../src/cli/stage/read-stage.ts';
import { type Fate, fateOf } from './fate.ts';
import { emulatorEnvironment, stopPoller } from './local-parts.ts';

process.chdir(join(import.meta.dirname, '../..'));
const { values } = parseArgs({
  options: {
    ...{ stage: { type: 'string' }, plan: { type: 'boolean', default: false }, yes: { type: 'boolean', default: false } },
    ...{ root: { type: 'string', default: '.services' } },
  },
});
const { stage: name } = values;
if (!name) {
  console.error('usage: npm run destroy -- --stage NAME [--plan] [--yes]');
  process.exit(2);
}
const emulator = process.env.LOGDRIVE_TEST_AWS;
if (emulator) Object.assign(process.env, emulatorEnvironment(emulator));

const deployed = await readStage(name, process.env);
const fate = await fateOf(deployed);
print(deployed, fate);
if (!values.plan) {
  if (!values.yes && !(await confirmed(name))) process.exit(1);
  await stopPoller(values.root, name);
  const names = deployed.stacks.map(({ name: each }) => each).reverse();
  await allowDeletion(names);
  await remove(names);
  console.log(`removed ${names.length} stacks; what stays is listed above`);
}

function print({ stage, stacks }: DeployedStage, { goes, stays }: Fate): void {
  console.log(`stage ${stage}: ${stacks.length} stacks, ${goes.length + stays.length} resources`);
  console.log(`\n${goes.length} resources go`);
  for (const [type, count] of Object.entries(Object.groupBy(goes, (each) => each.type)).map(
    ([type, all = []]) => [type, all.length] as const,
  ))
    console.log(`  ${String(count).padStart(4)}  ${type}`);
  console.log(`\n${stays.length} resources stay`);
  for (const { type, id, reason } of stays) console.log(`  ${type}  ${id}\n        ${reason}`);
}

async function confirmed(stage: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`\nType the name of the stage to remove it: `);
  terminal.close();
  return answer === stage;
}

async function allowDeletion(names: string[]): Promise<void> {
  const { CloudFormationClient, UpdateTerminationProtectionCommand } = await import('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient({});
  for (const StackName of names)
    await client.send(new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection: false }));
}

/** One after the other, the last of the way first; a stack waits until interfaces of its functions have gone, which takes minutes. */
async function remove(names: string[]): Promise<void> {
  const { CloudFormationClient, DeleteStackCommand, waitUntilStackDeleteComplete } = await import('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient({});
  for (const StackName of names) {
    console.error(`removing ${StackName}`);
    await client.send(new DeleteStackCommand({ StackName }));
    await waitUntilStackDeleteComplete({ client, maxWaitTime: 3_600, minDelay: 1, maxDelay: 15 }, { StackName });
  }
}
