import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessId, startDaemon, stopProcess } from '../services/process.ts';

/** How the CDK and the SDK find the emulator; credentials and profiles of whoever runs this are left out, so that nothing can reach an account. */
export function emulatorEnvironment(endpoint: string): Record<string, string | undefined> {
  delete process.env.AWS_PROFILE;
  delete process.env.AWS_CA_BUNDLE;
  delete process.env.AWS_SESSION_TOKEN;
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

export type PollerSettings = {
  brokers: string;
  prefix: string;
  endpoint: string;
  consumers: (readonly [name: string, deployed: string])[];
};

const folderOf = (root: string, stage: string): string => join(root, `poller-${stage}`);

/** Starts what stands in for Lambda's Kafka event sources, anew; it goes on after this process. */
export async function keepPoller(root: string, stage: string, { brokers, prefix, endpoint, consumers }: PollerSettings): Promise<void> {
  await stopPoller(root, stage);
  const folder = folderOf(root, stage);
  mkdirSync(folder, { recursive: true });
  const script = join(import.meta.dirname, '../services/poller.ts');
  const pairs = consumers.map(([name, deployed]) => `${name}=${deployed}`);
  const args = [
    '--disable-warning=TimeoutNegativeWarning',
    script,
    '--brokers',
    brokers,
    '--prefix',
    prefix,
    '--endpoint',
    endpoint,
    ...pairs,
  ];
  const id = startDaemon(process.execPath, args, {
    env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
    log: join(folder, 'poller.log'),
  });
  writeFileSync(join(folder, 'process.json'), JSON.stringify(id));
}

export async function stopPoller(root: string, stage: string): Promise<void> {
  const file = join(folderOf(root, stage), 'process.json');
  if (!existsSync(file)) return;
  await stopProcess(JSON.parse(readFileSync(file, 'utf8')) as ProcessId, 10_000);
  rmSync(file);
}
