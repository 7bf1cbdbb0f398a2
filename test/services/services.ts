import { inject } from 'vitest';

/** Running services that a test may use; one that this machine cannot run is absent, and its tests are skipped by name (in CI they fail). */
export type Services = {
  /** `host:port`; `tls` is a second listener of the same broker, with SCRAM-SHA-512. */
  kafka?: { brokers: string; tls?: { brokers: string; ca: string; username: string; password: string; mechanism: 'scram-sha-512' } };
  openSearch?: { url: string };
  aws?: { endpoint: string; region: string };
};

declare module 'vitest' {
  interface ProvidedContext {
    services: Services;
  }
}

/**
 * The services of this run: those that test/services/global-setup.ts started, or that LOGDRIVE_TEST_KAFKA, LOGDRIVE_TEST_OPENSEARCH and
 * LOGDRIVE_TEST_AWS name. All tests share them: each takes names of its own.
 */
export function services(): Services {
  return inject('services') ?? namedServices(process.env);
}

/** Services that the environment names. */
export function namedServices(env: NodeJS.ProcessEnv): Services {
  const { LOGDRIVE_TEST_KAFKA: brokers, LOGDRIVE_TEST_OPENSEARCH: url, LOGDRIVE_TEST_AWS: endpoint } = env;
  return {
    ...(brokers ? { kafka: { brokers } } : {}),
    ...(url ? { openSearch: { url } } : {}),
    ...(endpoint ? { aws: { endpoint, region: env.AWS_REGION ?? 'us-east-1' } } : {}),
  };
}
