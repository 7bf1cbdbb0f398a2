import { join } from 'node:path';
import type { Config } from '../../config/load-config.ts';
import type { HostOptions } from '../embedded/host.ts';
import { up } from '../embedded/up.ts';
import { startServicesHost } from './host.ts';
import { addressesOf } from './running-services.ts';

/** `logdrive up --profile services`: the platform in this process, on services that `npm run services:up` started, or that the settings name. */
export const upOnServices = (config: Config, options: Partial<HostOptions>): Promise<void> =>
  up(config, options, (settings) => startServicesHost(settings, addressesOf(config, join(process.cwd(), '.services')), options));
