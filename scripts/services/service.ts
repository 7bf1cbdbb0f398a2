import type { Jdk } from './java.ts';
import type { ServiceName } from './pins.ts';

/** The file `service.json` in a service's folder: what runs there, or ran. */
export type ServiceState = {
  name: ServiceName;
  version: string;
  pid: number;
  began: string;
  ports: number[];
  /** `host:port` for Kafka, a URL for the others. */
  endpoint: string;
  /** Kafka's second listener, where it was asked for: TLS with SCRAM-SHA-512. */
  tls?: KafkaTls;
  log: string;
  startedAt: string;
  /** It answered once: false means that it is starting, or that its start was cut short. */
  ready: boolean;
};

export type KafkaTls = { brokers: string; ca: string; username: string; password: string; mechanism: 'scram-sha-512' };

/** How one service is run: what to start, where it answers then, and the condition that says so. */
export type Plan = {
  program: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  endpoint: string;
  tls?: KafkaTls;
  isReady(): Promise<boolean>;
};

export type PlanRequest = {
  /** What `install` returned. */
  installed: string;
  /** Data that outlives a restart. */
  data: string;
  ports: number[];
  jdk: Jdk | undefined;
  tls: boolean;
};

export type Service = {
  name: ServiceName;
  version: string;
  ports: readonly number[];
  needsJava: boolean;
  readyWithinMs: number;
  /** Downloads what is not in the cache. @returns the folder in the cache, and whether it was downloaded now */
  install(jdk: Jdk | undefined): Promise<{ folder: string; built: boolean }>;
  plan(request: PlanRequest): Promise<Plan>;
};
