// npm run deploy:local [-- --stage NAME] [--root DIR]: the stacks of the local stage on emulated AWS, with real Kafka and OpenSearch beside it, none of
// them in a container. The last line is JSON: {"url", "key"}. LOGDRIVE_TEST_KAFKA, _OPENSEARCH and _AWS name services that run already.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { functions } from '../../lambdas/registry.ts';
import { defineStage, type StageSettings, stages } from '../../lib/stages.ts';
import { readStage } from '../../src/cli/stage/read-stage.ts';
import { startService } from '../services/run.ts';
import { writeAssembly } from './assembly.ts';
import { cdkOnEmulator } from './cdk.ts';
import { emulatorEnvironment, keepPoller } from './local-parts.ts';

process.chdir(join(import.meta.dirname, '../..'));
const { values } = parseArgs({
  options: {
    stage: { type: 'string', default: 'local' },
    root: { type: 'string', default: '.services' },
    settings: { type: 'string', default: '{}' },
  },
});
const { stage: name } = values;
// Absolute: the emulator starts functions in folders of their own.
const root = resolve(values.root);
const say = (line: string) => console.error(line);

mkdirSync(root, { recursive: true });
const endpoint = async (variable: string, service: 'kafka' | 'opensearch' | 'aws'): Promise<string> =>
  process.env[variable] ?? (await startService(root, service, { say })).endpoint;
const [brokers, openSearch, aws] = await Promise.all([
  endpoint('LOGDRIVE_TEST_KAFKA', 'kafka'),
  endpoint('LOGDRIVE_TEST_OPENSEARCH', 'opensearch'),
  endpoint('LOGDRIVE_TEST_AWS', 'aws'),
]);
say(`Kafka at ${brokers}, OpenSearch at ${openSearch}, AWS at ${aws}`);
Object.assign(process.env, emulatorEnvironment(aws));

const stage = localStage(name, { brokers, openSearch }, JSON.parse(values.settings) as Record<string, unknown>);
const app = await writeAssembly(stage);
const direct = ['--method', 'direct', '--require-approval', 'never', '--concurrency', '4', '--progress', 'events'];
await cdkOnEmulator(['bootstrap', 'aws://000000000000/us-east-1', '--app', app]);
await cdkOnEmulator(['deploy', '--all', '--app', app, ...direct]);

const { url, table } = await readStage(name, process.env);
const consumers = Object.keys(functions).map((each) => [each, `logdrive-${name}-${each}`] as const);
await keepPoller(root, name, { brokers, prefix: `${name}.`, endpoint: aws, consumers: consumers.filter(([each]) => readsKafka(each)) });

const { openStageKeys } = await import('../../src/compose/aws/stage-keys.ts');
const { keys, close } = await openStageKeys(table);
const { secret } = await keys.create({ tenant: 'default', name: 'deploy-local', scopes: ['ingest', 'query', 'admin'] });
await close();
console.log(JSON.stringify({ url, key: secret }));

/** The local stage on these services. */
function localStage(
  stage: string,
  { brokers, openSearch }: { brokers: string; openSearch: string },
  settings: Record<string, unknown>,
): StageSettings {
  const { stream, search, ...rest } = stages.local;
  return defineStage({
    ...{ ...rest, stage },
    stream: { ...stream, externalBrokers: brokers },
    search: search && { ...search, externalUrl: openSearch },
    functions: { ...rest.functions, settings },
  });
}

function readsKafka(name: string): boolean {
  return functions[name as keyof typeof functions].triggers.some(({ kind }) => kind === 'kafka');
}
