import type { Finding } from '../doctor/finding.ts';
import { type DeployedStage, loadSdk, stackOrder } from '../stage/read-stage.ts';

/** The stacks of a stage, as CloudFormation has them. */
export function checkStacks({ stage, stacks }: DeployedStage): Finding {
  const unwell = stacks.filter(({ status }) => !/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status));
  const names = stacks.map(({ name }) => name.replace(`logdrive-${stage}-`, ''));
  const found = `${stacks.length} of at most ${stackOrder.length} stacks: ${names.join(', ')}`;
  if (unwell.length === 0) return { name: 'stacks', state: 'ok', found };
  const isBusy = unwell.every(({ status }) => status.endsWith('_IN_PROGRESS'));
  return {
    name: 'stacks',
    state: isBusy ? 'warn' : 'bad',
    found: unwell.map(({ name, status }) => `${name} is ${status}`).join(', '),
    advice: isBusy ? 'a deployment is under way' : `\`npm run deploy -- --stage ${stage}\` says why it cannot go on`,
  };
}

/** Alarms of the stage that are raised; each one's description ends with its runbook. */
export async function checkAlarms({ alarmPrefix }: DeployedStage): Promise<Finding[]> {
  const { CloudWatchClient, paginateDescribeAlarms } = await loadSdk(() => import('@aws-sdk/client-cloudwatch'));
  const client = new CloudWatchClient({});
  let count = 0;
  let untold = 0;
  const raised: Finding[] = [];
  try {
    for await (const { MetricAlarms = [] } of paginateDescribeAlarms({ client }, { AlarmNamePrefix: alarmPrefix }))
      for (const { AlarmName = '', AlarmDescription = '', StateValue, AlarmActions = [], ActionsEnabled } of MetricAlarms) {
        count++;
        if (AlarmActions.length === 0 || ActionsEnabled === false) untold++;
        if (StateValue === 'ALARM')
          raised.push({ name: 'alarm', state: 'bad', found: AlarmName.slice(alarmPrefix.length), advice: AlarmDescription });
      }
  } finally {
    client.destroy();
  }
  if (count === 0) return [{ name: 'alarms', state: 'bad', found: 'the stage has none', advice: 'deploy the stack of alarms' }];
  const silenced: Finding[] =
    untold > 0
      ? [{ name: 'alarms', state: 'warn', found: `${untold} of ${count} tell nobody`, advice: 'switch their actions on again' }]
      : [];
  return raised.length + silenced.length > 0 ? [...raised, ...silenced] : [{ name: 'alarms', state: 'ok', found: `${count}, none raised` }];
}
