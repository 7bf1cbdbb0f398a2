import { loadConfig } from '../../config/load-config.ts';
import { AppError } from '../../core/errors.ts';
import { Client } from '../client.ts';
import { type Command, FailedError, jsonOption, serverOptions, text } from '../command.ts';
import type { Finding } from '../doctor/finding.ts';
import { checkDataDir, checkNode, checkPort } from '../doctor/local.ts';
import { checkClock, checkKey, checkLedger, checkReady, checkServer } from '../doctor/server.ts';
import { checkAlarms, checkStacks } from '../doctor/stage.ts';
import { readStage } from '../stage/read-stage.ts';
import { configOptions } from './up.ts';

export const doctor: Command = {
  usage: '',
  about:
    'With --stage it asks AWS, with your credentials, about a deployed stage: its stacks and alarms, then its API as any other server.',
  options: {
    ...serverOptions,
    stage: { type: 'string', value: 'NAME', help: 'check a stage that is deployed on AWS' },
    ...configOptions,
    ...jsonOption,
  },
  examples: ['logdrive doctor --stage dev', 'logdrive doctor', 'logdrive doctor --url https://logs.example.com --key ld_…'],
  async run({ io, values, argv, style }) {
    const findings: Finding[] = [checkNode(process.versions.node)];
    const stage = text(values, 'stage');
    const deployed = stage === undefined ? undefined : await readStage(stage, io.env);
    if (deployed) findings.push(checkStacks(deployed), ...(await checkAlarms(deployed)));
    const client = new Client(io, deployed ? { ...values, url: deployed.url } : values);
    const server = await checkServer(client);
    const isLocal = !deployed && /^https?:\/\/(127\.|localhost|\[::1\])/.test(client.url);
    if (isLocal) findings.push(...(await local(argv, io, server.state === 'ok')));
    findings.push(server);
    if (server.state === 'ok')
      findings.push(...(await checkReady(client)), await checkKey(client), await checkClock(client), await checkLedger(client));
    if (values.json) io.out(`${JSON.stringify({ items: findings })}\n`);
    else {
      const marks = { ok: style.green('✓'), warn: style.yellow('!'), bad: style.red('✗') };
      for (const { name, state, found, advice } of findings) {
        io.out(`${marks[state]} ${style.bold(name.padEnd(12))} ${found}\n`);
        if (advice) io.out(`               ${style.yellow(advice)}\n`);
      }
    }
    if (findings.some(({ state }) => state === 'bad')) throw new FailedError('something is not as it should be; see above');
  },
};

/** What only a server on this machine makes worth checking. */
async function local(argv: string[], io: { env: Record<string, string | undefined>; cwd: string }, isUp: boolean): Promise<Finding[]> {
  try {
    const config = loadConfig({ argv, env: io.env, cwd: io.cwd });
    const { host, port } = config.server;
    return [
      { name: 'settings', state: 'ok', found: 'logdrive.yaml, environment and flags can be read' },
      checkDataDir(config.dataDir),
      ...(isUp ? [] : [await checkPort(host, port)]),
    ];
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return [
      { name: 'settings', state: 'bad', found: thrown.detail, advice: 'change it there; docs/reference/config.md lists every setting' },
    ];
  }
}
