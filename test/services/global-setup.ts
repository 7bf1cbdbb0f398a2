import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Missing } from '../../scripts/services/missing.ts';
import { type ServiceName, serviceNames } from '../../scripts/services/pins.ts';
import { isAlive, ownProcess } from '../../scripts/services/process.ts';
import { startService, stopService } from '../../scripts/services/run.ts';
import type { ServiceState } from '../../scripts/services/service.ts';
import { namedServices, type Services } from './services.ts';

const runs = join(import.meta.dirname, '../..', '.services/test-runs');
const keyOf = { kafka: 'kafka', opensearch: 'openSearch', aws: 'aws' } as const satisfies Record<ServiceName, keyof Services>;

/**
 * Starts the services that the environment does not name, at once, on free ports with throw-away data, and stops them after the run. LOGDRIVE_TEST_ONLY
 * (`kafka,aws`) starts these alone. What a machine cannot run is skipped by name; with CI set that is a failure.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await clearRunsOfDead();
  const named = namedServices(process.env);
  const only = process.env.LOGDRIVE_TEST_ONLY?.split(',') ?? serviceNames;
  const wanted = serviceNames.filter((name) => !named[keyOf[name]] && only.includes(name));
  const root = join(runs, runName(ownProcess()));
  const stop = async () => {
    await Promise.all(wanted.map((name) => stopService(root, name, { graceMs: 0 })));
    await rm(root, { recursive: true, force: true });
  };
  await mkdir(root, { recursive: true });
  const started = await Promise.allSettled(
    wanted.map((name) =>
      startService(root, name, { ports: [0, 0, 0], tls: name === 'kafka', say: (line) => console.log(`services: ${line}`) }),
    ),
  );
  const failures = started.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  for (const { message } of failures) console.error(`services: ${message}`);
  const isFatal = failures.some((failure) => process.env.CI || !(failure instanceof Missing));
  if (isFatal) {
    await stop();
    throw new Error(`services for tests: ${failures.map(({ message }) => message).join('; ')}`);
  }
  const states = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const running: Services = { ...Object.assign({}, ...states.map(servicesOf)), ...named };
  project.provide('services', running);
  // For what is not a test: the functions and the hosts that tests start. Workers are started after this.
  const { kafka, openSearch, aws } = running;
  const variables = { LOGDRIVE_TEST_KAFKA: kafka?.brokers, LOGDRIVE_TEST_OPENSEARCH: openSearch?.url, LOGDRIVE_TEST_AWS: aws?.endpoint };
  for (const [name, value] of Object.entries(variables)) if (value) process.env[name] = value;
  return stop;
}

function servicesOf({ name, endpoint, tls }: ServiceState): Services {
  if (name === 'kafka') return { kafka: { brokers: endpoint, ...(tls ? { tls } : {}) } };
  return name === 'opensearch' ? { openSearch: { url: endpoint } } : { aws: { endpoint, region: 'us-east-1' } };
}

const runName = ({ pid, began }: { pid: number; began: string }): string => `${pid}-${began}`;

/** Stops what runs that were killed left behind. */
async function clearRunsOfDead(): Promise<void> {
  for (const name of existsSync(runs) ? readdirSync(runs) : []) {
    const [pid = '0', began = ''] = name.split('-');
    if (isAlive({ pid: Number(pid), began })) continue;
    for (const service of serviceNames) await stopService(join(runs, name), service, { graceMs: 0 });
    await rm(join(runs, name), { recursive: true, force: true });
  }
}
