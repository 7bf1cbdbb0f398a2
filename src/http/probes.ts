import type { Platform } from '../pipeline/platform.ts';
import { type Answer, json } from './answer.ts';
import type { HttpOptions } from './options.ts';

export type Probe = (platform: Platform, options: HttpOptions) => Answer | Promise<Answer>;

/** Answered by path alone, to anybody: what a supervisor asks every few seconds. */
export const probes: Record<string, Probe> = {
  /** The process runs and its event loop turns. */
  '/live': () => json({ status: 'ok' }),
  /** Every dependency with its state; 503 while the host should get no requests. */
  '/ready': async (platform, { stopping }) => {
    const { ready, dependencies } = await platform.readiness();
    const takes = ready && !stopping?.aborted;
    const server = { name: 'server', state: stopping?.aborted ? 'down' : 'ok', ...(stopping?.aborted ? { detail: 'stopping' } : {}) };
    return json({ status: takes ? 'ready' : 'not ready', dependencies: [server, ...dependencies] }, takes ? 200 : 503);
  },
  /** For people: 200 as long as the process answers, and how it does. */
  '/health': async (platform, { version }) => {
    const { ready, dependencies } = await platform.readiness();
    const well = ready && dependencies.every(({ state }) => state === 'ok');
    return json({ status: well ? 'ok' : 'degraded', version });
  },
};
