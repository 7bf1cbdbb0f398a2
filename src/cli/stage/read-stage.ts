import { AppError } from '../../core/errors.ts';
import { FailedError } from '../command.ts';

export type StageStack = { name: string; status: string; outputs: Record<string, string> };

/** What CloudFormation says of a deployed stage. `url` is the API's; under an emulator its address there. */
export type DeployedStage = { stage: string; stacks: StageStack[]; url: string; table: string; alarmPrefix: string };

/** The stacks of a stage, in the order of a record's way, whether they are there or not. */
export const stackOrder = ['network', 'storage', 'stream', 'search', 'ingest', 'process', 'alarms', 'dashboard'];

/**
 * Loads a client of the AWS SDK that only deployments need: it is not among the packages of a running server.
 * @throws FailedError that says how to install it
 */
export async function loadSdk<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (thrown) {
    if ((thrown as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw thrown;
    throw new FailedError('this needs the development packages of the checkout: run `node scripts/setup.mjs` there once');
  }
}

/** Asks CloudFormation for the stacks of a stage. @throws FailedError where the stage is not deployed in this account and region */
export async function readStage(stage: string, env: Record<string, string | undefined>): Promise<DeployedStage> {
  const { CloudFormationClient, DescribeStacksCommand } = await loadSdk(() => import('@aws-sdk/client-cloudformation'));
  const client = new CloudFormationClient({});
  const prefix = `logdrive-${stage}-`;
  const found: StageStack[] = [];
  try {
    for (let token: string | undefined, isFirst = true; isFirst || token; isFirst = false) {
      const page = await client.send(new DescribeStacksCommand(token ? { NextToken: token } : {}));
      for (const { StackName = '', StackStatus = '', Outputs = [] } of page.Stacks ?? [])
        if (StackName.startsWith(prefix) && StackStatus !== 'DELETE_COMPLETE')
          found.push({
            name: StackName,
            status: StackStatus,
            outputs: Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue])),
          });
      token = page.NextToken;
    }
  } catch (thrown) {
    throw new AppError('STORE_UNAVAILABLE', `CloudFormation does not answer: ${(thrown as Error).message}`, { cause: thrown });
  } finally {
    client.destroy();
  }
  if (found.length === 0)
    throw new FailedError(
      `stage ${stage} is not deployed in this account and region; deploy it with \`npm run deploy -- --stage ${stage}\``,
    );
  const place = ({ name }: StageStack): number => stackOrder.indexOf(name.slice(prefix.length));
  const stacks = found.sort((a, b) => place(a) - place(b));
  const output = (name: string): string => stacks.map(({ outputs }) => outputs[name]).find((value) => value !== undefined) ?? '';
  return { stage, stacks, url: addressOf(output('Url'), env.AWS_ENDPOINT_URL), table: output('StateTable'), alarmPrefix: prefix };
}

/** An emulator serves an API under its own address: `https://<id>.execute-api.…/<stage>/` is `<endpoint>/_aws/execute-api/<id>/<stage>`. */
function addressOf(url: string, endpoint: string | undefined): string {
  const [, id, stage] = /^https:\/\/([^.]+)\.execute-api\.[^/]+\/([^/]+)\/?$/.exec(url) ?? [];
  return endpoint && id ? `${endpoint.replace(/\/+$/, '')}/_aws/execute-api/${id}/${stage}` : url.replace(/\/+$/, '');
}
