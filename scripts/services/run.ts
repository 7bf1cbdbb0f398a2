import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { aws } from './aws.ts';
import { findJdk } from './java.ts';
import { kafka } from './kafka.ts';
import { opensearch } from './opensearch.ts';
import type { ServiceName } from './pins.ts';
import { freePorts } from './ports.ts';
import { isAlive, signal, startDaemon, stopProcess } from './process.ts';
import type { Service, ServiceState } from './service.ts';

export const services: Record<ServiceName, Service> = { kafka, opensearch, aws };

const pollMs = 100;
const tailLines = 40;

export type StartOptions = {
  /** Ports to take where they are free; 0, and those that are taken, become any free one. */
  ports?: readonly number[];
  /** Fail where one of these ports is taken. */
  exact?: boolean;
  /** Kafka: a second listener with TLS and SCRAM. */
  tls?: boolean;
  /** Is told of what takes long. */
  say?: (line: string) => void;
};

/** What a service's folder says: running, or not (also after a crash). `root` holds a folder a service. */
export function stateOf(root: string, name: ServiceName): { state: ServiceState | undefined; alive: boolean } {
  const file = join(root, name, 'service.json');
  if (!existsSync(file)) return { state: undefined, alive: false };
  const state = JSON.parse(readFileSync(file, 'utf8')) as ServiceState;
  return { state, alive: isAlive(state) };
}

/**
 * Starts a service on the data in its folder, and returns when it answers; one that runs and answers is left as it is.
 * @throws Missing for a tool that is not here; Error with the tail of its log where it ends or does not answer in time
 */
export async function startService(
  root: string,
  name: ServiceName,
  options: StartOptions = {},
): Promise<ServiceState & { fresh: boolean }> {
  const service = services[name];
  const { state: former, alive } = stateOf(root, name);
  if (former && alive && former.ready && (!options.tls || former.tls)) return { ...former, fresh: false };
  if (former) await stopService(root, name);
  const folder = join(root, name);
  const data = join(folder, 'data');
  const log = join(folder, 'service.log');
  await mkdir(data, { recursive: true });
  if (existsSync(log)) await rename(log, join(folder, 'previous.log'));

  const jdk = service.needsJava ? findJdk() : undefined;
  const installing = setTimeout(() => options.say?.(`${name} ${service.version} is being downloaded, once`), 1_000);
  const { folder: installed } = await service.install(jdk).finally(() => clearTimeout(installing));
  const wanted = options.ports ?? service.ports;
  const ports = await freePorts(wanted);
  if (options.exact && ports.some((port, at) => wanted[at] !== 0 && port !== wanted[at])) {
    throw new Error(`${name} cannot have port ${wanted.filter((port, at) => port !== ports[at]).join(', ')}: something listens there`);
  }
  const plan = await service.plan({ installed, data, ports, jdk, tls: options.tls ?? false });
  const id = startDaemon(plan.program, plan.args, { env: plan.env ?? process.env, log });
  const { endpoint, tls } = plan;
  const { version } = service;
  const started: ServiceState = {
    ...{ name, version, ...id, ports, endpoint },
    ...(tls ? { tls } : {}),
    ...{ log, startedAt: new Date().toISOString(), ready: false },
  };
  await write(folder, started);
  try {
    await until(plan.isReady, started, service.readyWithinMs);
  } catch (error) {
    await stopService(root, name);
    throw error;
  }
  const ready = { ...started, ready: true };
  await write(folder, ready);
  return { ...ready, fresh: true };
}

/** Ends a service, confirms that it is gone, and forgets it; its data and log stay. @returns whether it was running */
export async function stopService(root: string, name: ServiceName, { graceMs = 20_000 } = {}): Promise<boolean> {
  const { state, alive } = stateOf(root, name);
  if (state && alive) await stopProcess(state, graceMs);
  await rm(join(root, name, 'service.json'), { force: true });
  return alive;
}

/** Sends a signal to a running service, for fault runs. @returns whether it was there to get it */
export function signalService(root: string, name: ServiceName, which: NodeJS.Signals): boolean {
  const { state } = stateOf(root, name);
  return state !== undefined && signal(state, which);
}

async function until(isReady: () => Promise<boolean>, state: ServiceState, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await isReady())) {
    if (!isAlive(state)) throw new Error(`${state.name} ended before it answered; the end of its log:\n${tail(state.log)}`);
    if (performance.now() > end)
      throw new Error(`${state.name} did not answer in ${withinMs / 1_000} s; the end of its log:\n${tail(state.log)}`);
    await wait(pollMs);
  }
}

const tail = (log: string): string => readFileSync(log, 'utf8').trimEnd().split('\n').slice(-tailLines).join('\n');

/** Whole or not at all: a run that is cut short leaves no half of a state. */
async function write(folder: string, state: ServiceState): Promise<void> {
  const file = join(folder, 'service.json');
  await writeFile(`${file}.part`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.part`, file);
}
